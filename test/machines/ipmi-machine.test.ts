// Power and boot order by IPMI, the ramdisk over the network. What else is deployed is in deployed-machine.test.ts.

import { testDeployedMachine } from '../harness/deployed-machine.ts';

testDeployedMachine({ firmware: 'uefi', disk: 'virtio:6G', bmc: 'ipmi' });
