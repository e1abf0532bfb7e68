import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type AddressQuestion, pollAddresses } from './poll-addresses.ts';

const UUID = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123' as NodeUuid;

const ask = async (more: {
  readonly agentAddress?: string;
  readonly networks?: readonly { readonly ip_address: string }[];
  readonly found?: readonly string[];
  readonly rules?: Partial<AddressQuestion['rules']>;
  readonly own?: readonly string[];
}): Promise<readonly string[]> => {
  const places = await pollAddresses({
    node: {
      uuid: UUID,
      driverInfo: more.agentAddress === undefined ? {} : { agent_address: more.agentAddress },
      networkData: { networks: [...(more.networks ?? [])] },
    },
    macs: [],
    source: {
      knowsLeases: true,
      addressesOf: async () =>
        (more.found ?? []).map((address) => ({ address, origin: 'a lease' })),
    },
    rules: { allowedNetworks: [], isLoopbackAllowed: false, requireTls: true, ...more.rules },
    own: new Set(more.own ?? []),
  });
  return places.map(({ callbackUrl }) => callbackUrl);
};

test('what the operator names comes first, then what we gave the machine, then leases; each once', async () => {
  const urls = await ask({
    agentAddress: '10.0.0.1',
    networks: [{ ip_address: '10.0.0.2/24' }, { ip_address: '10.0.0.1' }],
    found: ['10.0.0.3', '10.0.0.2'],
  });

  assert.deepEqual(urls, [
    'https://10.0.0.1:9999',
    'https://10.0.0.2:9999',
    'https://10.0.0.3:9999',
  ]);
});

test('an address of IPv6 is written as addresses are in URLs', async () => {
  assert.deepEqual(await ask({ agentAddress: 'FD00:99::7' }), ['https://[fd00:99::7]:9999']);
});

test('T-12: nothing leads to ourselves, to this segment only, to many at once, or by a name', async () => {
  const urls = await ask({
    found: [
      '127.0.0.1',
      '::1',
      '169.254.169.254',
      'fe80::1',
      '224.0.0.1',
      'ff02::1',
      '0.0.0.0',
      '255.255.255.255',
      '::ffff:10.0.0.1',
      'fe80::1%eth0',
      'evil.example',
      '10.0.0.1:22',
      '10.0.0.1/../..',
      '010.0.0.1',
      '10.0.0.9',
    ],
    own: ['10.0.0.9'],
  });

  assert.deepEqual(urls, []);
});

test('where networks are listed, only they are looked at', async () => {
  const urls = await ask({
    found: ['10.0.0.1', '192.0.2.1'],
    rules: { allowedNetworks: ['192.0.2.0/24'] },
  });

  assert.deepEqual(urls, ['https://192.0.2.1:9999']);
});

test('however many addresses are found, a try has an end', async () => {
  const found = Array.from({ length: 100 }, (_, index) => `10.0.0.${index + 1}`);

  assert.equal((await ask({ found })).length, 8);
});
