import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MachineCards } from '../address-source.ts';
import type { Lease } from '../boot-host.ts';
import { makeAddressSource, type SourceParts } from './ask-sources.ts';
import { staticAddresses } from './static-addresses.ts';

const NOW_MS = 1_800_000_000_000;
const MAC = '52:54:00:00:00:01';
const OTHER_MAC = '52:54:00:00:00:02';

const MACHINE: MachineCards = {
  nodeUuid: 'node',
  macs: [MAC],
  driverInfo: {},
  networkData: {
    links: [
      { id: 'a', type: 'phy', ethernet_mac_address: MAC.toUpperCase() },
      { id: 'b', type: 'phy', ethernet_mac_address: OTHER_MAC },
    ],
    networks: [
      { id: 'n1', link: 'a', type: 'ipv4', ip_address: '10.0.0.50/24' },
      { id: 'n2', link: 'b', type: 'ipv4', ip_address: '10.0.0.51' },
      { id: 'n3', link: 'a', type: 'ipv4_dhcp' },
      { id: 'n4', link: 'a', type: 'ipv4', ip_address: 'ten' },
      { id: 'n5', link: 'none', type: 'ipv4', ip_address: '10.0.0.52' },
    ],
  },
};

const lease = (mac: string, address: string, expiresMs: number | null = null): Lease => ({
  mac,
  address,
  expiresMs,
});

const parts = (change: Partial<SourceParts> = {}): SourceParts => ({
  leases: async () => [
    lease(MAC, '10.0.0.60', NOW_MS + 1),
    lease(MAC, '10.0.0.61', NOW_MS),
    lease(OTHER_MAC, '10.0.0.62'),
  ],
  isDhcpOwn: true,
  neutron: async (macs) => macs.map(() => '10.0.0.70'),
  clock: { wallMs: () => NOW_MS },
  log: { warn: () => undefined, debug: () => undefined },
  ...change,
});

test('the addresses of a card are those that its own link is given', () => {
  assert.deepEqual(staticAddresses(MACHINE.networkData), [
    { mac: MAC, address: '10.0.0.50' },
    { mac: OTHER_MAC, address: '10.0.0.51' },
  ]);
  assert.deepEqual(staticAddresses({ links: 'none', networks: [1, null] }), []);
});

test('sources are asked in the order that is configured, and leases that are over do not count', async () => {
  const source = makeAddressSource(['neutron', 'lease', 'network_data'], parts());

  assert.deepEqual(await source.addressesOf(MACHINE), [
    { address: '10.0.0.70', origin: 'neutron' },
    { address: '10.0.0.60', origin: 'lease' },
    { address: '10.0.0.50', origin: 'network_data' },
  ]);
});

test('a source that fails hides none of the others', async () => {
  const neutron = () => Promise.reject(new Error('down'));

  const source = makeAddressSource(['neutron', 'network_data'], parts({ neutron }));

  assert.deepEqual(await source.addressesOf(MACHINE), [
    { address: '10.0.0.50', origin: 'network_data' },
  ]);
});

test('leases are known where something gives them, not where only the data of nodes do', () => {
  const order = ['network_data', 'lease', 'neutron'] as const;
  const none = { isDhcpOwn: false, neutron: undefined };

  assert.equal(makeAddressSource(order, parts()).knowsLeases, true);
  assert.equal(makeAddressSource(order, parts(none)).knowsLeases, false);
  assert.equal(makeAddressSource(['network_data'], parts()).knowsLeases, false);
});
