// Several sources of addresses as one, asked in the operator's order. One that does not answer is told of and passed
// over: the others may know.

import type { Log } from '#observe/log';

import type { AddressSource, FoundAddress, MachineCards } from '../address-source.ts';
import type { Lease } from '../boot-host.ts';
import { staticAddresses } from './static-addresses.ts';

export const ADDRESS_SOURCE_NAMES = ['network_data', 'lease', 'neutron'] as const;
export type AddressSourceName = (typeof ADDRESS_SOURCE_NAMES)[number];

type Ask = (machine: MachineCards) => Promise<readonly string[]>;

export type SourceParts = {
  /** Undefined: no boot host. */
  readonly leases: (() => Promise<readonly Lease[]>) | undefined;
  /** Machines get their addresses from our own DHCP, so that one without a lease is no machine of ours. */
  readonly isDhcpOwn: boolean;
  /** Addresses of ports with these MACs; undefined: there is no such service. */
  readonly neutron: ((macs: readonly string[]) => Promise<readonly string[]>) | undefined;
  readonly clock: { readonly wallMs: () => number };
  readonly log: Pick<Log, 'warn' | 'debug'>;
};

const askStatic: Ask = async ({ macs, networkData }) =>
  staticAddresses(networkData)
    .filter(({ mac }) => macs.includes(mac))
    .map(({ address }) => address);

const asker = (name: AddressSourceName, parts: SourceParts): Ask | undefined => {
  const { leases, neutron, clock } = parts;
  if (name === 'network_data') return askStatic;
  if (name === 'neutron') return neutron && (({ macs }) => neutron(macs));
  if (leases === undefined) return undefined;
  return async ({ macs }) => {
    const nowMs = clock.wallMs();
    return (await leases())
      .filter(({ mac, expiresMs }) => macs.includes(mac) && (expiresMs ?? Infinity) > nowMs)
      .map(({ address }) => address);
  };
};

export const makeAddressSource = (
  order: readonly AddressSourceName[],
  parts: SourceParts,
): AddressSource => {
  const sources = order.flatMap((name) => {
    const ask = asker(name, parts);
    return ask === undefined ? [] : [{ name, ask }];
  });
  return {
    knowsLeases: sources.some(
      ({ name }) => name === 'neutron' || (name === 'lease' && parts.isDhcpOwn),
    ),
    addressesOf: async (machine) => {
      const found: FoundAddress[] = [];
      for (const { name: origin, ask } of sources) {
        try {
          const addresses = (await ask(machine)).map((address) => ({ address, origin }));
          found.push(...addresses);
        } catch (error) {
          parts.log.warn({ err: error, origin, node: machine.nodeUuid }, 'addresses: no answer');
        }
      }
      parts.log.debug({ node: machine.nodeUuid, found }, 'addresses');
      return found;
    },
  };
};
