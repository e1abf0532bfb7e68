// The ways of booting over the network that the short run leaves out.

import { testNetworkBoot } from '../../harness/network-boot.ts';

testNetworkBoot({
  firmware: 'bios',
  bootInterface: 'ipxe',
  loader: 'card',
  how: 'the iPXE in its card',
});
testNetworkBoot({ firmware: 'uefi', bootInterface: 'http-ipxe', loader: 'firmware', how: 'HTTP' });
