// Addresses of machines whose ports Neutron knows: `GET /v2.0/ports?mac_address=`.

import { isIP } from 'node:net';

import { isJsonObject } from '@bessemer/protocol/json';

import type { OpenstackClient } from './openstack-client.ts';

/** Cards of one machine. */
const MACS_MAX = 64;

/**
 * A MAC is unique in one network only: whoever may make ports in another could name the address of his choice. So the
 * networks should be listed (`networkIds`); empty means all that the account sees.
 */
export const askNeutron =
  (client: Pick<OpenstackClient, 'get'>, networkIds: readonly string[]) =>
  async (macs: readonly string[]): Promise<readonly string[]> => {
    if (macs.length === 0) return [];
    const isListed = (id: unknown): boolean =>
      networkIds.length === 0 || (typeof id === 'string' && networkIds.includes(id));
    const query = new URLSearchParams();
    for (const mac of macs.slice(0, MACS_MAX)) query.append('mac_address', mac);
    for (const id of networkIds) query.append('network_id', id);
    for (const field of ['mac_address', 'network_id', 'fixed_ips']) query.append('fields', field);
    const { ports } = await client.get(`/v2.0/ports?${query.toString()}`);
    if (!Array.isArray(ports)) throw new Error('the network service answered without ports');
    return ports
      .filter(isJsonObject)
      .filter(({ mac_address: mac }) => typeof mac === 'string' && macs.includes(mac.toLowerCase()))
      .filter(({ network_id: id }) => isListed(id))
      .flatMap(({ fixed_ips: fixed }) => (Array.isArray(fixed) ? fixed.filter(isJsonObject) : []))
      .map(({ ip_address: address }) => (typeof address === 'string' ? address : ''))
      .filter((address) => isIP(address) !== 0);
  };
