// How a session ends, is shown, and lives through further boots of its medium: the same on both engines.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import {
  extendWindow,
  findLastSession,
  forgetOldSessions,
  listSessionsOfNode,
  revokeSession,
} from '#store/agent-session-history';
import {
  bindSession,
  closeSession,
  findOpenSession,
  giveToken,
  insertSession,
  nextBootNumber,
  suspectSession,
  wasTokenOf,
} from '#store/agent-sessions';
import type { Queryable } from '#store/database';
import { awaitNextMediaBoot } from '#store/media-boots';
import { insertNode } from '#store/nodes';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { newNode, NOW_MS, onBothEngines } from './store-engines.ts';

const HASH = 'ab'.repeat(32);

onBothEngines((store) => {
  const makeNode = async (): Promise<NodeUuid> => {
    const node = newNode();
    await insertNode(store().db, node, { nowMs: NOW_MS });
    return node.uuid;
  };

  const open = async (nodeUuid: NodeUuid, bootNumber: number): Promise<string> => {
    const id = randomUUID();
    await insertSession(store().db, {
      id,
      nodeUuid,
      bootNumber,
      route: 'lookup',
      transport: 'network',
      cause: 'deploy',
      state: 'OPEN',
      windowOpenedMs: NOW_MS,
      windowClosesMs: NOW_MS + 1_000,
      trustLevel: 1,
    });
    return id;
  };

  const seal = async (nodeUuid: NodeUuid): Promise<string> => {
    const id = randomUUID();
    await insertSession(store().db, {
      id,
      nodeUuid,
      bootNumber: 1,
      route: 'vmedia',
      cause: 'clean',
      state: 'SEALED',
      windowOpenedMs: NOW_MS,
      windowClosesMs: NOW_MS + 1_000,
      tokenHash: HASH,
      tokenSealed: 'sealed',
      keySealed: 'sealed',
      certificate: 'pem',
      pin: HASH,
      trustLevel: 2,
    });
    return id;
  };

  const give = (id: string, queryable: Queryable = store().db): Promise<boolean> =>
    giveToken(queryable, id, {
      tokenHash: HASH,
      tokenSealed: 'sealed',
      to: '192.0.2.10',
      nowMs: NOW_MS,
      trustLevel: 1,
      pin: null,
    });

  const bind = (id: string): Promise<boolean> =>
    bindSession(store().db, id, {
      callbackUrl: 'https://192.0.2.10:9999',
      address: '192.0.2.10',
      agentVersion: '1',
      pin: HASH,
      trustLevel: 2,
      sequence: null,
      nowMs: NOW_MS,
    });

  describe('a revoked session', () => {
    test('keeps the hash of its token and nothing that opens', async () => {
      const node = await makeNode();
      const id = await open(node, 1);
      await give(id);

      const was = await revokeSession(store().db, node, { reason: 'lost', nowMs: NOW_MS + 5 });

      assert.deepEqual([was?.id, was?.state], [id, 'GIVEN']);
      assert.equal(await findOpenSession(store().db, node), undefined);
      assert.deepEqual(await findLastSession(store().db, node), {
        id,
        state: 'REVOKED',
        closeReason: 'lost',
      });
      assert.equal(await wasTokenOf(store().db, node, HASH), true);
      const row = await store()
        .db.selectFrom('agent_session')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      assert.deepEqual(
        [row.token_sealed, row.key_sealed, row.closed_at_ms],
        [null, null, NOW_MS + 5],
      );
    });

    test('cannot be given a token, bound, suspected, extended or revoked any more', async () => {
      const node = await makeNode();
      const id = await open(node, 1);
      await revokeSession(store().db, node, { reason: 'lost', nowMs: NOW_MS });

      assert.equal(await give(id), false);
      assert.equal(await bind(id), false);
      assert.equal(await suspectSession(store().db, id), false);
      assert.equal(await extendWindow(store().db, id, NOW_MS + 9_000), false);
      const again = await revokeSession(store().db, node, { reason: 'again', nowMs: NOW_MS });
      assert.equal(again, undefined);
      assert.equal((await findLastSession(store().db, node))?.closeReason, 'lost');
    });
  });

  test('of fifty grants at once exactly one is stored', async () => {
    const node = await makeNode();
    const id = await open(node, 1);

    const given = await Promise.all(
      Array.from({ length: 50 }, () => store().transaction((transaction) => give(id, transaction))),
    );

    assert.equal(given.filter(Boolean).length, 1);
  });

  test('a window is made longer only while it is open', async () => {
    const node = await makeNode();
    const id = await open(node, 1);

    assert.equal(await extendWindow(store().db, id, NOW_MS + 9_000), true);
    await give(id);
    assert.equal(await extendWindow(store().db, id, NOW_MS + 99_000), false);
    assert.equal((await findOpenSession(store().db, node))?.windowClosesMs, NOW_MS + 9_000);
  });

  test('sessions are listed newest first, and only of their node', async () => {
    const [node, other] = [await makeNode(), await makeNode()];
    for (const bootNumber of [1, 2, 3]) {
      await closeSession(store().db, node, { reason: 'superseded', nowMs: NOW_MS });
      await open(node, bootNumber);
    }
    await open(other, 1);

    const listed = await listSessionsOfNode(store().db, node, 2);

    assert.deepEqual(
      listed.map((session) => [session.boot_no, session.state]),
      [
        [3, 'OPEN'],
        [2, 'CLOSED'],
      ],
    );
    assert.equal(JSON.stringify(listed).includes('sealed'), false);
  });

  test('sessions are forgotten thirty days after their end, and boots are counted on', async () => {
    const [node, other] = [await makeNode(), await makeNode()];
    const days = (count: number): number => NOW_MS + count * 24 * 3_600_000;
    for (const each of [node, other]) {
      await give(await open(each, 1));
      await closeSession(store().db, each, { reason: 'done', nowMs: days(0) });
    }
    await open(node, 2);
    await closeSession(store().db, node, { reason: 'done', nowMs: days(10) });
    await open(node, await nextBootNumber(store().db, node));

    await forgetOldSessions(store().db, node, days(30));
    assert.equal(await wasTokenOf(store().db, node, HASH), true);
    await forgetOldSessions(store().db, node, days(31));

    const left = await listSessionsOfNode(store().db, node, 10);
    assert.deepEqual(
      left.map((session) => session.boot_no),
      [3, 2],
    );
    assert.equal(await nextBootNumber(store().db, node), 4);
    assert.equal(await wasTokenOf(store().db, node, HASH), false);
    assert.equal(await wasTokenOf(store().db, other, HASH), true);
  });

  test('a further boot of a medium keeps token and key, and forgets who was bound', async () => {
    const node = await makeNode();
    const id = await seal(node);
    assert.equal(await awaitNextMediaBoot(store().db, id, 1), false);
    await bind(id);

    assert.equal(await awaitNextMediaBoot(store().db, id, 1), true);

    const session = await findOpenSession(store().db, node);
    assert.deepEqual(
      [session?.state, session?.mediaBoots, session?.tokenHash, session?.pin],
      ['SEALED', 1, HASH, HASH],
    );
    assert.deepEqual([session?.callbackUrl, session?.address], [null, null]);
    // Begun again after a crash the same boot is not counted twice.
    await bind(id);
    assert.equal(await awaitNextMediaBoot(store().db, id, 1), false);
  });

  test('a medium whose agent is suspect has no further boot', async () => {
    const node = await makeNode();
    const id = await seal(node);
    await bind(id);
    await suspectSession(store().db, id);

    assert.equal(await awaitNextMediaBoot(store().db, id, 1), false);
  });
});
