// Where the conductor may be told to call back to. The host must be an address, written plainly, that machines
// can have: no names (no second lookup), no odd spellings, nothing that leads to ourselves.

import { BlockList, isIPv4, isIPv6 } from 'node:net';

export type CallbackRules = {
  /** CIDR; empty means every network that is not denied below. */
  readonly allowedNetworks: readonly string[];
  readonly isLoopbackAllowed: boolean;
  readonly requireTls: boolean;
};

const PORT_MIN = 1_024;
const URL_CHARS_MAX = 100;
const PLAIN_CALLBACK_PATTERN =
  /^(https?):\/\/(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9a-f:]+)\]):([1-9]\d{3,4})$/;

export const networks = (cidrs: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
};

const LOOPBACK = networks(['127.0.0.0/8', '::1/128']);

export const isLoopback = (address: string): boolean =>
  LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** Link-local (cloud metadata lives there), site-local, multicast, "this host", broadcast, discard. */
const NEVER = networks([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '100::/64',
]);
/** IPv6 addresses that stand for an IPv4 address: mapped, translated, NAT64, Teredo, 6to4. */
const HIDING = networks([
  '::ffff:0.0.0.0/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
]);
// IPv4 addresses in an old spelling; ::1 between them is loopback and judged as such.
HIDING.addRange('::2', '::ffff:ffff', 'ipv6');

export type CallbackVerdict =
  | { readonly isFine: true; readonly address: string }
  | { readonly isFine: false; readonly reason: 'syntax' | 'tls' | 'network' };

export const judgeCallback = (url: string, rules: CallbackRules): CallbackVerdict => {
  const found = url.length <= URL_CHARS_MAX ? PLAIN_CALLBACK_PATTERN.exec(url) : null;
  const [, scheme, v4, v6, portText] = found ?? [];
  const address = v4 ?? v6 ?? '';
  const isAddress = v4 === undefined ? isIPv6(address) : isIPv4(address);
  const port = Number(portText);
  if (!isAddress || port < PORT_MIN || port > 65_535) return { isFine: false, reason: 'syntax' };
  if (rules.requireTls && scheme !== 'https') return { isFine: false, reason: 'tls' };
  const family = v4 === undefined ? 'ipv6' : 'ipv4';
  const isListed = networks(rules.allowedNetworks).check(address, family);
  // Asked for IPv6 only: the list takes every IPv4 address for its own mapped form.
  const isHiding = family === 'ipv6' && HIDING.check(address, family);
  if (isHiding || NEVER.check(address, family)) return { isFine: false, reason: 'network' };
  if (isLoopback(address) && !rules.isLoopbackAllowed && !isListed) {
    return { isFine: false, reason: 'network' };
  }
  const isOpen =
    rules.allowedNetworks.length === 0 || (isLoopback(address) && rules.isLoopbackAllowed);
  return isListed || isOpen ? { isFine: true, address } : { isFine: false, reason: 'network' };
};
