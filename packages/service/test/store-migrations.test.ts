// A store of the first schema is brought up to date when it is opened, and what was in it is still there.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

import { makeLog } from '#observe/log';
import { findOpenSession } from '#store/agent-sessions';
import { openStore } from '#store/database';
import { openSqliteFile, sqliteDialect } from '#store/engine/sqlite';
import { findNode } from '#store/nodes';
import { openDriverInfo } from '#trust/driver-secrets';
import { makeKeyRing } from '#trust/key-ring';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { sealOldSecrets } from '../src/serve/seal-old-secrets.ts';
import * as firstTables from '../src/store/migrations/0001-first-tables.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'bessemer-migrations-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

type FirstSchema = {
  readonly node: { readonly [column: string]: unknown };
  readonly agent_session: { readonly [column: string]: unknown };
};

const DRIVER_INFO = { redfish_username: 'admin', redfish_password: 'hunter2' };

/** As the release before wrote it: a node with a bound session. */
const writeFirstStore = async (path: string, uuid: string): Promise<void> => {
  const db = new Kysely<FirstSchema>({ dialect: sqliteDialect(openSqliteFile(path)) });
  const migrations: { readonly [name: string]: Migration } = {
    '0001-first-tables': { up: (each) => firstTables.up(each as Kysely<unknown>, 'sqlite') },
  };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  assert.equal(error, undefined);
  await db
    .insertInto('node')
    .values({
      uuid,
      name: 'of-the-first-schema',
      driver: 'redfish',
      provision_state: 'wait call-back',
      conductor_group: '',
      driver_info: JSON.stringify(DRIVER_INFO),
      created_at: '2026-11-21T08:00:00+00:00',
    })
    .execute();
  await db
    .insertInto('agent_session')
    .values({
      id: randomUUID(),
      node_uuid: uuid,
      boot_no: 3,
      route: 'vmedia',
      cause: 'deploy',
      state: 'BOUND',
      window_opened_ms: 1,
      window_closes_ms: 2,
      token_hash: 'ab'.repeat(32),
      token_sealed: '{}',
      masked_lookups: 1,
      trust_level: 2,
      seq_high: 0,
    })
    .execute();
  await db.destroy();
};

test('a store of the first schema opens, twice, with its nodes and sessions', async () => {
  const path = join(directory, 'old.sqlite');
  const uuid = randomUUID() as NodeUuid;
  await writeFirstStore(path, uuid);

  for (const time of ['first', 'second']) {
    const store = await openStore({ engine: 'sqlite', path });
    const node = await findNode(store.db, uuid);
    const session = await findOpenSession(store.db, uuid);
    await store.close();

    assert.equal(node?.name, 'of-the-first-schema', time);
    assert.deepEqual(
      [session?.bootNumber, session?.transport, session?.isSigning, session?.mediaBoots],
      [3, 'vmedia', false, 0],
    );
  }
});

test('passwords of the first schema are sealed at start, and no trace of them stays in the file', async () => {
  const path = join(directory, 'clear.sqlite');
  const uuid = randomUUID() as NodeUuid;
  await writeFirstStore(path, uuid);
  const keys = makeKeyRing(new Map([['kek-1', randomBytes(32)]]));
  assert.ok(readFileSync(path).includes('hunter2'));

  const store = await openStore({ engine: 'sqlite', path });
  await sealOldSecrets(store, keys, makeLog({ level: 'silent' }));
  const node = await findNode(store.db, uuid);

  assert.deepEqual(openDriverInfo(keys, node as NodeRecord), DRIVER_INFO);
  for (const file of [path, `${path}-wal`]) assert.ok(!readFileSync(file).includes('hunter2'));
  await store.close();
});
