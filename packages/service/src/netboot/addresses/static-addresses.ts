// Addresses that a machine has because its `network_data` (the format of Nova) gives them to it.

import { isIP } from 'node:net';

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

export type CardAddress = {
  /** Lower case. */
  readonly mac: string;
  readonly address: string;
};

const objectsIn = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** What is not usable is left out: the ramdisk will complain of it where it is seen. */
export const staticAddresses = (networkData: JsonObject): readonly CardAddress[] => {
  const macs = new Map<JsonValue | undefined, string>();
  for (const { id, ethernet_mac_address: mac } of objectsIn(networkData['links'])) {
    if (typeof mac === 'string') macs.set(id, mac.toLowerCase());
  }
  return objectsIn(networkData['networks']).flatMap(({ link, ip_address: written }) => {
    const mac = macs.get(link);
    const [address = ''] = typeof written === 'string' ? written.split('/') : [];
    return mac === undefined || isIP(address) === 0 ? [] : [{ mac, address }];
  });
};
