// The main job on BIOS and SATA. In each run firewall-proof.test.ts deploys a BIOS machine too.

import { testDeployedMachine } from '../../harness/deployed-machine.ts';

testDeployedMachine({ firmware: 'bios', disk: 'sata:5G' });
