// Sealed columns and counts over all sessions, on every engine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';

import { insertSession } from '#store/agent-sessions';
import type { Store } from '#store/database';
import { readSealedValues, replaceSealedValue, type SealedValue } from '#store/sealed-rows';
import { countSessionsByState, listSessionFacts } from '#store/session-counts';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { NOW_MS, onBothEngines } from './store-engines.ts';

/** More than one page. */
const SESSIONS = 120;

const addSession = (store: Store, at: number, state: 'OPEN' | 'SEALED'): Promise<void> =>
  insertSession(store.db, {
    id: randomUUID(),
    nodeUuid: randomUUID() as NodeUuid,
    bootNumber: at,
    route: state === 'OPEN' ? 'lookup' : 'vmedia',
    cause: 'deploy',
    windowOpenedMs: NOW_MS + at,
    windowClosesMs: NOW_MS + 1_000,
    trustLevel: 1,
    ...(state === 'OPEN'
      ? { state }
      : {
          state,
          tokenHash: 'ab'.repeat(32),
          tokenSealed: `token ${at}`,
          keySealed: `key ${at}`,
          certificate: 'PEM',
          pin: 'cd'.repeat(32),
        }),
  });

const readAll = async (store: Store): Promise<readonly SealedValue[]> => {
  const values: SealedValue[] = [];
  for await (const value of readSealedValues(store.db)) values.push(value);
  return values;
};

onBothEngines((open) => {
  beforeEach(async () => {
    await open().db.deleteFrom('agent_session').execute();
    await open().db.deleteFrom('boot_medium').execute();
  });

  test('every sealed value is read once, over all pages, with what it is bound to', async () => {
    const store = open();
    for (let at = 1; at <= SESSIONS; at += 1) await addSession(store, at, 'SEALED');
    await addSession(store, SESSIONS + 1, 'OPEN');
    const common = { node_uuid: 'node', session_id: 'session', boot_no: 7, base_path: '/b' };
    for (const [id, sealed] of [
      ['medium', 'overlay'],
      ['revoked', ''],
    ] as const) {
      await store.db
        .insertInto('boot_medium')
        .values({ ...common, id, overlay_sealed: sealed, etag: 'e', expires_ms: 1 })
        .execute();
    }

    const values = await readAll(store);

    assert.equal(new Set(values.map(({ sealed }) => sealed)).size, 2 * SESSIONS + 1);
    assert.equal(values.length, 2 * SESSIONS + 1);
    const [medium] = values.filter(({ table }) => table === 'boot_medium');
    assert.deepEqual(medium, {
      table: 'boot_medium',
      column: 'overlay_sealed',
      id: 'medium',
      nodeUuid: 'node',
      sessionId: 'session',
      bootNumber: 7,
      sealed: 'overlay',
    });
    for (const { table, id, sessionId } of values) {
      if (table === 'agent_session') assert.equal(sessionId, id);
    }
  });

  test('a value is replaced where it is still the one that was read, and nowhere else', async () => {
    const store = open();
    await addSession(store, 1, 'SEALED');
    await addSession(store, 2, 'SEALED');
    const [first, second] = (await readAll(store)).filter(
      ({ column }) => column === 'token_sealed',
    ) as [SealedValue, SealedValue];
    await store.db
      .updateTable('agent_session')
      .set({ token_sealed: null })
      .where('id', '=', second.id)
      .execute();

    assert.equal(await replaceSealedValue(store.db, first, 'renewed'), true);
    assert.equal(await replaceSealedValue(store.db, first, 'again'), false);
    assert.equal(await replaceSealedValue(store.db, second, 'brought back'), false);

    const after = (await readAll(store)).map(({ sealed }) => sealed);
    assert.equal(after.filter((sealed) => sealed === 'renewed').length, 1);
    assert.ok(!after.includes('again') && !after.includes('brought back'));
  });

  test('open sessions are counted by state; facts leave out what is old and closed', async () => {
    const store = open();
    await addSession(store, 1, 'SEALED');
    await addSession(store, 2, 'SEALED');
    await addSession(store, 3, 'OPEN');
    await store.db
      .updateTable('agent_session')
      .set({ closed_at_ms: NOW_MS, state: 'CLOSED' })
      .where('boot_no', '<', 3)
      .where('boot_no', '>', 1)
      .execute();

    assert.deepEqual(Object.fromEntries(await countSessionsByState(store.db)), {
      OPEN: 1,
      SEALED: 1,
    });
    assert.equal((await listSessionFacts(store.db, NOW_MS + 2)).length, 3);
    const recent = await listSessionFacts(store.db, NOW_MS + 3);
    assert.deepEqual(
      recent.map(({ state, isOpen, isSigning }) => [state, isOpen, isSigning]),
      [
        ['SEALED', true, false],
        ['OPEN', true, false],
      ],
    );
  });
});
