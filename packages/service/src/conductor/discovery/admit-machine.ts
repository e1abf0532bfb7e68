// Whether a machine that nobody knows may become a node: from where it calls, how many came before it, and whether it
// claims what is another node's. What it says of itself is proved by nothing at this point.

import { isIPv4, isIPv6 } from 'node:net';

import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { Refusal } from '@bessemer/protocol/errors/refusal';

import { countDiscoveries, countWaitingDiscoveries } from '#store/discoveries';
import type { Queryable } from '#store/database';
import { isInNetworks } from '#trust/agent-token/source-address';

import type { DiscoveryOptions } from './options.ts';

const HOUR_MS = 3_600_000;

/** The allowed network that the caller is in; undefined: it is in none. */
export const networkOf = (
  { networks }: Pick<DiscoveryOptions, 'networks'>,
  source: string,
): string | undefined => networks.find((network) => isInNetworks(source, [network]));

/** Throws Refusal(429). */
export const requireRoom = async (
  queryable: Queryable,
  options: Pick<DiscoveryOptions, 'perHourMax' | 'waitingMax'>,
  network: string,
  nowMs: number,
): Promise<void> => {
  if ((await countDiscoveries(queryable, network, nowMs - HOUR_MS)) >= options.perHourMax) {
    throw new Refusal(429, 'Too many unknown machines within an hour.');
  }
  if ((await countWaitingDiscoveries(queryable)) >= options.waitingMax) {
    throw new Refusal(429, 'Too many machines wait to be taken on.');
  }
};

/** The BMC that the machine says it has, where one may be; undefined: none, or none that may be spoken to. */
export const bmcAddressOf = (
  { bmcNetworks }: Pick<DiscoveryOptions, 'bmcNetworks'>,
  { bmc_address: four, bmc_v6address: six }: Pick<Inventory, 'bmc_address' | 'bmc_v6address'>,
): string | undefined =>
  [four, six]
    .map(plainly)
    .find((address) => address !== undefined && isInNetworks(address, bmcNetworks));

/** As nodes are looked for by it: an address has many spellings in IPv6, and IPv4 has some there, too, that no BMC has. */
const plainly = (address: unknown): string | undefined => {
  if (typeof address !== 'string') return undefined;
  if (isIPv4(address)) return address;
  const url = `https://[${address}]`;
  if (!isIPv6(address) || !URL.canParse(url)) return undefined;
  const plain = new URL(url).hostname.slice(1, -1);
  return plain.startsWith('::ffff:') ? undefined : plain;
};
