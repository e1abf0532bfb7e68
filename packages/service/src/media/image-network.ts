// Where images may be fetched from. A node's owner names the address, and a machine inside the operator's network
// then goes there: so everything that is not public is refused unless the operator listed it.

import { BlockList, isIP, isIPv6 } from 'node:net';

/** Reachable only when listed: loopback, private, shared and unique local networks. */
const UNLESS_LISTED = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '198.18.0.0/15',
  '192.0.0.0/24',
  '::1/128',
  'fc00::/7',
];
/** Never: this host, link-local (metadata of clouds), multicast, broadcast, and addresses that hide another. */
const NEVER = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '2001::/32',
];

const blockList = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
};

const unlessListed = blockList(UNLESS_LISTED);
const never = blockList(NEVER);
// IPv4 addresses in an old spelling; ::1 between them is loopback and judged as such.
never.addRange('::2', '::ffff:ffff', 'ipv6');

/** `::ffff:a.b.c.d` is a.b.c.d, whatever its spelling. */
const plainAddress = (address: string): string => {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]/`);
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (mapped === null) return hostname.slice(1, -1);
  const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? '', 16));
  if (high === undefined || low === undefined) return address;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

export type AddressObjection = (address: string) => string | undefined;

/** The result says why an image must not be fetched from `address` (numeric), or undefined. */
export const makeImageAddressRules = (allowedNetworks: readonly string[]): AddressObjection => {
  const listed = blockList(allowedNetworks);
  return (written) => {
    const address = plainAddress(written);
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) return 'is not an address';
    if (never.check(address, family)) return 'is one that images are never fetched from';
    if (!unlessListed.check(address, family)) return undefined;
    return listed.check(address, family) ? undefined : NOT_LISTED;
  };
};

const NOT_LISTED = 'is not public and not in [image] allowed_networks';
