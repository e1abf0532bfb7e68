// What a service puts onto the medium of one boot, made by hand.

import {
  AGENT_CA_PATH,
  AGENT_CONFIG_PATH,
  NETWORK_DATA_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { makeArchive } from './cpio-writer.ts';
import type { LookupListener } from './lookup-listener.ts';

export const makeBootArchive = (
  listener: LookupListener,
  card: { readonly mac: string; readonly address: string; readonly netmask: string },
): Buffer =>
  makeArchive({
    [AGENT_CONFIG_PATH]: [
      '[DEFAULT]',
      `api_url = ${listener.url}`,
      'agent_token = 0123456789012345678901234567890123456789012',
      `cafile = /${AGENT_CA_PATH}`,
      '',
    ].join('\n'),
    [AGENT_CA_PATH]: listener.ca,
    [NETWORK_DATA_PATH]: JSON.stringify({
      links: [{ id: 'nic0', type: 'phy', ethernet_mac_address: card.mac, mtu: 1500 }],
      networks: [
        {
          id: 'provisioning',
          type: 'ipv4',
          link: 'nic0',
          ip_address: card.address,
          netmask: card.netmask,
          network_id: 'lab',
          routes: [],
        },
      ],
      services: [],
    }),
  });
