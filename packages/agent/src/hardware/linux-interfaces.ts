// The network cards of a Linux machine, from sysfs.

import { readdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { InventoryInterface } from '@bessemer/protocol/agent/inventory';
import { isThere, linkName, readSysfs } from './sysfs.ts';

const CARDS = '/sys/class/net';
/** More would be no machine but a mistake. */
const CARDS_MAX = 64;

/** Cards with a device behind them: no bridges, tunnels, loopback. */
export const readLinuxInterfaces = async (): Promise<InventoryInterface[]> => {
  const found: InventoryInterface[] = [];
  for (const name of (await readdir(CARDS)).sort()) {
    if (!(await isThere(`${CARDS}/${name}/device`))) continue;
    found.push(await interfaceOf(name));
    if (found.length >= CARDS_MAX) break;
  }
  return found;
};

const interfaceOf = async (name: string): Promise<InventoryInterface> => {
  const value = (file: string): Promise<string | null> => readSysfs(`${CARDS}/${name}/${file}`);
  const addresses = networkInterfaces()[name] ?? [];
  const speed = Number(await value('speed'));
  return {
    name,
    mac_address: ((await value('address')) ?? '').toLowerCase(),
    ipv4_address: addresses.find(({ family }) => family === 'IPv4')?.address ?? null,
    ipv6_address: addresses.find(({ family }) => family === 'IPv6')?.address ?? null,
    has_carrier: (await value('carrier')) === '1',
    lldp: null,
    vendor: await value('device/vendor'),
    product: await value('device/device'),
    client_id: null,
    biosdevname: null,
    speed_mbps: speed > 0 ? speed : null,
    pci_address: await pciAddress(name),
    driver: await linkName(`${CARDS}/${name}/device/driver`),
  };
};

const pciAddress = async (name: string): Promise<string | null> => {
  const pattern = /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
  // A virtio card is a child of its PCI device.
  for (const place of ['device', 'device/..']) {
    const found = await linkName(`${CARDS}/${name}/${place}`);
    if (found !== null && pattern.test(found)) return found;
  }
  return null;
};
