// UEFI firmware boots by its own PXE and TFTP, then iPXE. The other ways are in more/network-boot.test.ts.

import { testNetworkBoot } from '../harness/network-boot.ts';

testNetworkBoot({
  firmware: 'uefi',
  bootInterface: 'ipxe',
  loader: 'firmware',
  how: 'its own PXE and TFTP',
});
