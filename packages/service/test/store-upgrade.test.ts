// A store as the second schema left it, with something in every table that matters, is brought up to date by both
// engines: nothing is lost, and what is new has its defaults.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Kysely, PostgresDialect } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Pool } from 'pg';

import { type EngineName, openStore, type Store, type StoreLocation } from '#store/database';
import { openSqliteFile, sqliteDialect } from '#store/engine/sqlite';
import { StoreOfOtherVersion } from '#store/errors';
import { listHistory } from '#store/history';
import { claimLease } from '#store/leases';
import { CHILD_TABLES, deleteNode, findNode, updateNode } from '#store/nodes';
import { listPortsOfNode } from '#store/ports';
import { findOpenWorkflow } from '#store/workflows';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import * as firstTables from '../src/store/migrations/0001-first-tables.ts';
import * as agentTrust from '../src/store/migrations/0002-agent-trust.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

const CREATED = '2026-11-21T08:00:00+00:00';
const DRIVER_INFO = { redfish_address: 'https://bmc', redfish_password: 'hunter2' };
const PLAN = [{ name: 'wait_for_agent', interface: 'conductor', priority: 0, args: {} }];

type OldSchema = { readonly [table: string]: { readonly [column: string]: unknown } };

const dialectOf = (location: StoreLocation) =>
  location.engine === 'sqlite'
    ? sqliteDialect(openSqliteFile(location.path))
    : new PostgresDialect({ pool: new Pool({ connectionString: location.url, max: 1 }) });

/** A node in the middle of its cleaning. */
const writeOldStore = async (location: StoreLocation, uuid: string): Promise<void> => {
  const db = new Kysely<OldSchema>({ dialect: dialectOf(location) });
  const { engine } = location;
  const migrations: { readonly [name: string]: Migration } = {
    '0001-first-tables': { up: (each) => firstTables.up(each as Kysely<unknown>, engine) },
    '0002-agent-trust': { up: (each) => agentTrust.up(each as Kysely<unknown>) },
  };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  assert.equal(error, undefined);
  const node = { node_uuid: uuid };
  const rows: OldSchema = {
    node: {
      uuid,
      name: `old-${uuid}`,
      driver: 'redfish',
      provision_state: 'clean wait',
      target_provision_state: 'available',
      conductor_group: '',
      driver_info: JSON.stringify(DRIVER_INFO),
      driver_info_masked: '{"redfish_password":"******"}',
      instance_info: '{"traits":["CUSTOM_A"]}',
      resource_class: 'metal',
      created_at: CREATED,
    },
    port: { ...node, uuid: randomUUID(), address: '52:54:00:00:00:01', created_at: CREATED },
    lease: { ...node, fence: 7, until_ms: 0 },
    workflow: {
      ...node,
      id: randomUUID(),
      kind: 'clean',
      plan: JSON.stringify(PLAN),
      state: 'waiting',
      started_ms: 1,
    },
    history: {
      ...node,
      uuid: randomUUID(),
      conductor: 'old',
      severity: 'INFO',
      event: 'inspect succeeded',
      event_type: 'introspection',
      created_at: CREATED,
    },
  };
  for (const [table, row] of Object.entries(rows)) await db.insertInto(table).values(row).execute();
  await db.destroy();
};

const onEachEngine = (
  define: (location: () => StoreLocation, engine: EngineName) => void,
): void => {
  describe('on SQLite', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bessemer-upgrade-'));
    after(() => rmSync(directory, { recursive: true, force: true }));
    define(() => ({ engine: 'sqlite', path: join(directory, 'old.sqlite') }), 'sqlite');
  });
  describe('on PostgreSQL', () => {
    let server: PostgresServer;
    let url: string;
    before(async () => {
      server = await startPostgres();
      url = await server.createDatabase();
    });
    after(() => server.stop());
    define(() => ({ engine: 'postgres', url }), 'postgres');
  });
};

onEachEngine((location) => {
  const uuid = randomUUID() as NodeUuid;
  let store: Store;
  let node: NodeRecord;
  before(async () => {
    await writeOldStore(location(), uuid);
    store = await openStore(location());
    node = (await findNode(store.db, uuid)) as NodeRecord;
  });
  after(() => store.close());

  test('what was in it is still there', async () => {
    assert.deepEqual(node.driverInfo, DRIVER_INFO);
    assert.deepEqual([node.provisionState, node.resourceClass], ['clean wait', 'metal']);
    const [port] = await listPortsOfNode(store.db, uuid);
    assert.equal(port?.address, '52:54:00:00:00:01');
    const [entry] = await listHistory(store.db, uuid);
    assert.deepEqual(
      [entry?.event, entry?.user, entry?.project],
      ['inspect succeeded', null, null],
    );
  });

  test('what is new has its defaults', async () => {
    assert.deepEqual(node.traits, []);
    assert.deepEqual([node.allocationUuid, node.driverSecrets], [null, null]);
    const [port] = await listPortsOfNode(store.db, uuid);
    assert.equal(port?.availableForDynamicPortgroup, true);
  });

  test('work that was open goes on under its lease', async () => {
    const workflow = await findOpenWorkflow(store.db, uuid);
    const fence = await claimLease(store.db, uuid, { owner: 'new', nowMs: 10, leaseMs: 1 });

    assert.deepEqual([workflow?.kind, workflow?.state, workflow?.plan], ['clean', 'waiting', PLAN]);
    assert.equal(fence, 8);
  });

  test('a second start changes nothing more', async () => {
    const again = await openStore(location());
    const same = await findNode(again.db, uuid);
    await again.close();

    assert.deepEqual(same, node);
  });

  test('a node that goes takes along all that is kept about it', async () => {
    const tables = await store.db.introspection.getTables();
    const owned = tables
      .filter(({ columns }) => columns.some(({ name }) => name === 'node_uuid'))
      .map(({ name }) => name)
      // What was done stays provable, whatever it was done to; secrets are destroyed one by one, and their numbers stay.
      // A BMC keeps its passwords when its node is deleted, so what says where they lie stays, too. What was found counts
      // against the quota of its hour, whatever became of it.
      .filter((name) => !['audit', 'secret', 'discovery'].includes(name))
      .filter((name) => !name.startsWith('bmc_'))
      .sort();

    assert.deepEqual([...CHILD_TABLES].sort(), owned);
    await updateNode(store.db, uuid, { maintenance: true });
    const seen = (await findNode(store.db, uuid)) as NodeRecord;
    assert.equal(await store.transaction((trx) => deleteNode(trx, uuid, seen)), true);
    assert.equal(await findOpenWorkflow(store.db, uuid), undefined);
    assert.deepEqual(await listHistory(store.db, uuid), []);
  });
});

describe('a store of another version', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-other-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const [what, change] of [
    ['newer', "insert into kysely_migration values ('9999-of-tomorrow', '2027-01-01')"],
    ['in another order', "delete from kysely_migration where name = '0003-ports-and-portgroups'"],
  ] as const) {
    test(`${what}, is not touched, and the operator is told`, async () => {
      const path = join(directory, `${what}.sqlite`);
      await (await openStore({ engine: 'sqlite', path })).close();
      const file = openSqliteFile(path);
      file.exec(change);
      file.close();

      await assert.rejects(openStore({ engine: 'sqlite', path }), StoreOfOtherVersion);
    });
  }
});
