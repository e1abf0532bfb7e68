// The BMCs that nodes have already: by address, or by a name that leads to one. A machine that nobody enrolled may not claim one
// of them, or it would have us try a new password there.

import { isIP, isIPv6 } from 'node:net';

import type { JsonObject } from '@bessemer/protocol/json';

import type { Queryable } from '#store/database';
import { listAddressedNodes } from '#store/discoveries';

const ADDRESS_KEYS = ['ipmi_address', 'redfish_address'] as const;
const PAGE = 500;

/** IPv6 has many spellings of one address, and some for those of IPv4. */
export const plainAddress = (address: string): string => {
  if (!isIPv6(address) || !URL.canParse(`https://[${address}]`)) return address;
  const plain = new URL(`https://[${address}]`).hostname.slice(1, -1);
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(plain) ?? [];
  if (low === '') return plain;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 0xff])
    .join('.');
};

/** Addresses and names, in the one spelling that each has. What no driver could speak to is left out. */
export const hostsOf = (info: JsonObject): readonly string[] =>
  ADDRESS_KEYS.flatMap((key) => {
    const value = info[key];
    if (typeof value !== 'string') return [];
    const url = value.includes('://') ? value : `https://${isIPv6(value) ? `[${value}]` : value}`;
    if (!URL.canParse(url)) return [];
    const host = new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
    return host === '' ? [] : [plainAddress(host)];
  });

type KnownBmc = { readonly nodeUuid: string; readonly host: string };

async function* listKnownBmcs(queryable: Queryable): AsyncGenerator<KnownBmc> {
  for (let after = ''; ;) {
    const page = await listAddressedNodes(queryable, after, PAGE);
    for (const { nodeUuid, driverInfo } of page) {
      for (const host of hostsOf(driverInfo)) yield { nodeUuid, host };
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.nodeUuid;
  }
}

/** What has to be looked up before anything can be compared. */
export const namesOfBmcs = async (queryable: Queryable): Promise<ReadonlySet<string>> => {
  const names = new Set<string>();
  for await (const { host } of listKnownBmcs(queryable)) if (isIP(host) === 0) names.add(host);
  return names;
};

/** `unknown`: nobody knows where the name of that BMC leads. `free` may be claimed. */
export type Claim =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken' }
  | ({ readonly kind: 'unknown' } & KnownBmc);

/** `found`: where names lead; those that are not in it nobody knows. */
export const judgeClaim = async (
  queryable: Queryable,
  address: string,
  found: ReadonlyMap<string, readonly string[]>,
): Promise<Claim> => {
  let unknown: KnownBmc | undefined;
  for await (const bmc of listKnownBmcs(queryable)) {
    const addresses = isIP(bmc.host) === 0 ? found.get(bmc.host) : [bmc.host];
    if (addresses === undefined) unknown ??= bmc;
    else if (addresses.some((each) => plainAddress(each) === address)) return { kind: 'taken' };
  }
  return unknown === undefined ? { kind: 'free' } : { kind: 'unknown', ...unknown };
};
