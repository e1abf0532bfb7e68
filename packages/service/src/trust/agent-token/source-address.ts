// Whether a heartbeat comes from the machine that it names: the address that it came from is the one that it wants
// to be called back at. Otherwise a stolen token could point the conductor at any machine.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

import { type CallbackRules, isLoopback, networks } from './callback-url.ts';

const MAPPED_PREFIX = '::ffff:';

/** A listener on every address sees IPv4 callers in their mapped form. */
const plainAddress = (source: string): string => {
  const rest = source.startsWith(MAPPED_PREFIX) ? source.slice(MAPPED_PREFIX.length) : source;
  return isIPv4(rest) ? rest : source;
};

/** One IPv6 address has many spellings. */
const isSameIpv6 = (one: string, other: string): boolean => {
  if (!isIPv6(one) || !isIPv6(other) || other.includes('%')) return false;
  const list = new BlockList();
  list.addAddress(one, 'ipv6');
  return list.check(other, 'ipv6');
};

export const isSourceRight = (
  callbackAddress: string,
  sourceAddress: string,
  rules: Pick<CallbackRules, 'allowedNetworks'>,
): boolean => {
  const source = plainAddress(sourceAddress);
  if (source === callbackAddress || isSameIpv6(callbackAddress, source)) return true;
  // One host, whichever of its loopback addresses is used; taken only where loopback is allowed at all.
  if (isLoopback(callbackAddress) && isLoopback(source)) return true;
  const family = isIPv4(callbackAddress) ? 'ipv4' : 'ipv6';
  return networks(rules.allowedNetworks).check(callbackAddress, family);
};
