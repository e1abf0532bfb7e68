// T-36: which addresses a boot medium goes to.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';

import { type ConductorOptions, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeMediumClients } from '#conductor/medium-clients';
import { systemClock } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { makeLog } from '#observe/log';
import { openStore, type Store } from '#store/database';
import { insertNode } from '#store/nodes';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { FAKE_INTERFACES, memoryKeys } from './with-engine.ts';

let store: Store;
before(async () => {
  store = await openStore({ engine: 'sqlite', path: ':memory:' });
});
after(() => store.close());

const nodeBehind = async (bmc: JsonObject): Promise<NodeUuid> => {
  const uuid = randomUUID() as NodeUuid;
  await insertNode(
    store.db,
    { uuid, driver: 'redfish', interfaces: FAKE_INTERFACES, driverInfo: bmc },
    { nowMs: 1 },
  );
  return uuid;
};

const mediumClient = (node: NodeRecord): string => node.driverInfo['bmc'] as string;

const clients = (options: Partial<ConductorOptions> = {}) =>
  makeMediumClients({
    store,
    keys: memoryKeys(),
    clock: systemClock,
    log: makeLog({ level: 'silent' }),
    options: { ...DEFAULT_CONDUCTOR_OPTIONS, ...options },
    drivers: {
      hardwareTypes: [],
      driverOf: () => ({ boot: { mediumClient } }) as unknown as NodeDriver,
      chooseInterfaces: () => FAKE_INTERFACES,
      close: () => Promise.resolve(),
    },
  });

const CASES: readonly (readonly [string, string, Partial<ConductorOptions>, boolean])[] = [
  ['10.0.0.7', '10.0.0.7', {}, true],
  ['10.0.0.7', '::ffff:10.0.0.7', {}, true],
  ['fd00::7', 'fd00:0:0:0::7', {}, true],
  ['10.0.0.7', '10.0.0.8', {}, false],
  ['localhost', '127.0.0.1', {}, true],
  ['localhost', '10.0.0.8', {}, false],
  ['10.0.0.7', '192.0.2.9', { mediumNetworks: ['192.0.2.0/24'] }, true],
  ['10.0.0.7', '192.0.3.9', { mediumNetworks: ['192.0.2.0/24'] }, false],
  ['10.0.0.7', '10.0.0.8', { isMediumSourceChecked: false }, true],
  ['no-such-name.invalid', '10.0.0.8', {}, false],
];

for (const [bmc, source, options, isAllowed] of CASES) {
  const how = Object.keys(options).join() || 'as it comes';
  test(`a BMC at ${bmc}, asked from ${source} (${how}): ${isAllowed ? 'served' : 'refused'}`, async () => {
    const uuid = await nodeBehind({ bmc });

    assert.equal(await clients(options)(uuid, source), isAllowed);
  });
}

test('a BMC on this host may call from any of its addresses', async () => {
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address }) => address);
  const uuid = await nodeBehind({ bmc: '127.0.0.1' });

  for (const address of own) assert.equal(await clients()(uuid, address), true, address);
});

test('a refusal is in the audit log, with the address that asked', async () => {
  const uuid = await nodeBehind({ bmc: '10.0.0.7' });

  await clients()(uuid, '10.0.0.66');
  const rows = await store.db
    .selectFrom('audit')
    .selectAll()
    .where('node_uuid', '=', uuid)
    .execute();

  assert.deepEqual(
    rows.map(({ event, source }) => [event, source]),
    [['boot.denied', '10.0.0.66']],
  );
});

test('a node that is gone has no BMC', async () => {
  assert.equal(await clients()(randomUUID() as NodeUuid, '10.0.0.7'), false);
});
