// The main job on UEFI and NVMe; on BIOS and SATA it is in more/deployed-machine.test.ts.

import { testDeployedMachine } from '../harness/deployed-machine.ts';

testDeployedMachine({ firmware: 'uefi', disk: 'nvme:5G' });
