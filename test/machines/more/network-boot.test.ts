// Machines behind Redfish that boot over the network and are inspected. In each run ipmi-machine.test.ts boots by PXE.

import { testNetworkBoot } from '../../harness/network-boot.ts';

testNetworkBoot({
  firmware: 'uefi',
  bootInterface: 'ipxe',
  loader: 'firmware',
  how: 'its own PXE and TFTP',
});
testNetworkBoot({
  firmware: 'bios',
  bootInterface: 'ipxe',
  loader: 'card',
  how: 'the iPXE in its card',
});
testNetworkBoot({ firmware: 'uefi', bootInterface: 'http-ipxe', loader: 'firmware', how: 'HTTP' });
