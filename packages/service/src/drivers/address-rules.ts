// Where a BMC may be. A node's owner chooses its address, and the service then talks to that place with
// its own network rights: so local, special and unlisted ranges are refused, after the name is resolved.

import { BlockList, isIP, isIPv6 } from 'node:net';

import { Refusal } from '@bessemer/protocol/errors/refusal';

export type AddressOptions = {
  /** CIDR blocks that BMC addresses must lie in; null: everywhere but the local and special ranges. */
  readonly allowedNetworks: readonly string[] | null;
  /** Ports a BMC may listen on; addresses on loopback may use any. */
  readonly allowedPorts: readonly number[];
  /** Whether 127.0.0.0/8 and ::1 pass when `allowedNetworks` is null; for simulated BMCs. */
  readonly isLoopbackAllowed: boolean;
};

export type AddressRules = {
  /** Why the address is refused; undefined when it is not. `address` is a numeric IP address. */
  readonly objection: (address: string) => string | undefined;
  readonly portObjection: (host: string, port: number) => string | undefined;
};

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const SPECIAL = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
];

/** `section`: the part of the configuration that the rules come from. */
export const makeAddressRules = (
  rules: AddressOptions,
  section: 'redfish' | 'ipmi' = 'redfish',
): AddressRules => {
  const { allowedNetworks } = rules;
  const allowed = allowedNetworks === null ? null : blockListOf(allowedNetworks, section);
  const loopback = blockListOf(LOOPBACK, section);
  const special = blockListOf(SPECIAL, section);
  const has = (list: BlockList, address: string): boolean =>
    list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

  const objection = (address: string): string | undefined => {
    if (isIP(address) === 0) return 'it is not a numeric address';
    const plain = unmapped(address);
    if (allowed !== null) {
      return has(allowed, plain) ? undefined : `it is outside [${section}] allowed_networks`;
    }
    if (has(special, plain)) return 'link-local, multicast and unspecified addresses are not BMCs';
    if (has(loopback, plain) && !rules.isLoopbackAllowed) {
      return `it is a loopback address; list it in [${section}] allowed_networks if a simulator runs there`;
    }
    return undefined;
  };

  return {
    objection,
    portObjection: (host, port) => {
      if (rules.allowedPorts.includes(port)) return undefined;
      if (isIP(host) !== 0 && has(loopback, unmapped(host))) return undefined;
      return `port ${port} is not in [${section}] allowed_ports (${rules.allowedPorts.join(', ')})`;
    },
  };
};

/** `::ffff:127.0.0.1` is 127.0.0.1; both spellings of the mapped form are unwrapped. */
const unmapped = (address: string): string => {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted?.[1] !== undefined) return dotted[1];
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (hex?.[1] === undefined || hex[2] === undefined) return address;
  const [high, low] = [Number.parseInt(hex[1], 16), Number.parseInt(hex[2], 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
};

const blockListOf = (networks: readonly string[], section: string): BlockList => {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/', 2);
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits)) {
      throw new Refusal(
        400,
        `[${section}] allowed_networks: "${network}" is not a network like 10.0.0.0/8`,
      );
    }
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
};
