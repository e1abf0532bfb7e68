// Power and boot order by IPMI, the ramdisk by the firmware's own PXE and TFTP and our DHCP. Other ways over the network
// are in more/network-boot.test.ts; what else is deployed is in deployed-machine.test.ts, which erases, too.

import { testDeployedMachine } from '../harness/deployed-machine.ts';

testDeployedMachine({ firmware: 'uefi', disk: 'virtio:6G', bmc: 'ipmi', isErased: false });
