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

/** Where callers on this host come from that did not choose: any machine of a lab may be behind it. */
const OWN_HOST = new Set(['127.0.0.1', '::1']);

/** One host, however the address is spelt. In a lab each machine has a loopback address of its own. */
export const isSameHost = (address: string, sourceAddress: string): boolean => {
  const source = plainAddress(sourceAddress);
  if (source === address || isSameIpv6(address, source)) return true;
  return isLoopback(address) && OWN_HOST.has(source);
};

/** Whether `sourceAddress` lies in one of the blocks (CIDR). */
export const isInNetworks = (sourceAddress: string, cidrs: readonly string[]): boolean => {
  const source = plainAddress(sourceAddress);
  return networks(cidrs).check(source, isIPv4(source) ? 'ipv4' : 'ipv6');
};

export const isSourceRight = (
  callbackAddress: string,
  sourceAddress: string,
  rules: Pick<CallbackRules, 'allowedNetworks'>,
): boolean => {
  // Loopback is taken only where it is allowed at all.
  if (isSameHost(callbackAddress, sourceAddress)) return true;
  const family = isIPv4(callbackAddress) ? 'ipv4' : 'ipv6';
  return networks(rules.allowedNetworks).check(callbackAddress, family);
};
