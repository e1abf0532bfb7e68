// Who a caller is, for what is counted by source.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

const MAPPED_PREFIX = '::ffff:';

/** A listener on every address sees IPv4 callers in their mapped form. */
export const plainSource = (address: string): string => {
  const rest = address.toLowerCase().startsWith(MAPPED_PREFIX)
    ? address.slice(MAPPED_PREFIX.length)
    : address;
  return isIPv4(rest) ? rest : address;
};

/** One machine has a whole /64 of IPv6 to call from. */
export const sourceKey = (address: string): string => {
  const plain = plainSource(address);
  if (!isIPv6(plain)) return plain;
  const [left = '', right] = plain.split('%', 1).join('').split('::');
  const groups = left === '' ? [] : left.split(':');
  const rest = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Math.max(0, 8 - groups.length - rest.length);
  const whole = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
};

/** Callers on the machine of the service are many simulated machines, not one; nobody else can have this address. */
export const isOwnHost = (address: string): boolean => address === '127.0.0.1' || address === '::1';

/** Whether an address is in one of `cidrs`. */
export const makeNetworkCheck = (cidrs: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/');
    const family = isIPv6(network) ? 'ipv6' : 'ipv4';
    list.addSubnet(network, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (address) => {
    const plain = plainSource(address);
    if (isIPv4(plain)) return list.check(plain, 'ipv4');
    return isIPv6(plain) && list.check(plain, 'ipv6');
  };
};
