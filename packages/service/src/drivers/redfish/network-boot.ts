// Boot over the network, by a one-time override: what is served there is the boot host's business, not the BMC's.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BootInterface } from '../driver.ts';
import { bootModeWish } from '../boot-mode-wish.ts';
import { setOverride } from './boot-override.ts';
import type { WithBmc } from './power.ts';

/** Interface name to the boot source that it asks for; `pxe` is how operators know `ipxe` by its older name. */
export const NETWORK_BOOTS = {
  ipxe: 'pxe',
  pxe: 'pxe',
  'http-ipxe': 'uefihttp',
} as const;

export const makeNetworkBoot = (
  withBmc: WithBmc,
  validate: (node: NodeRecord) => void,
  device: 'pxe' | 'uefihttp',
): BootInterface => ({
  route: 'network',
  validate,
  prepareRamdisk: (node, boot) =>
    withBmc(node, async (bmc) => {
      if (boot.transport !== 'network') throw new Error('network boot was asked for another');
      await setOverride(bmc, device, { isPersistent: false, mode: bootModeWish(node) });
    }),
  // The override was for one boot, and the boot host withdraws what it led to.
  cleanUpRamdisk: async () => {},
  prepareInstance: (node) =>
    withBmc(node, (bmc) =>
      setOverride(bmc, 'disk', { isPersistent: true, mode: bootModeWish(node) }),
    ),
  fetchMedia: async () => [],
});
