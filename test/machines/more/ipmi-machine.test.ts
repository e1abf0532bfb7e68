// A machine behind IPMI that is erased before it is deployed.

import { testDeployedMachine } from '../../harness/deployed-machine.ts';

testDeployedMachine({ firmware: 'uefi', disk: 'virtio:6G', bmc: 'ipmi' });
