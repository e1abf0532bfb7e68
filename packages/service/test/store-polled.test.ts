// Sessions of polled agents on every engine: the change of the token in two phases, and who is asked next.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';

import { closeSession, findOpenSession, insertSession } from '#store/agent-sessions';
import { claimLease } from '#store/leases';
import { insertNode } from '#store/nodes';
import {
  bindPolledSession,
  countPolledSessions,
  dropPendingToken,
  listSessionsToPoll,
  type PollCursor,
  promotePendingToken,
  storePendingToken,
  suspectPolledSession,
} from '#store/polled-sessions';

import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { newNode, NOW_MS, onBothEngines } from './store-engines.ts';

const PENDING = { hash: 'hash-of-the-new', sealed: 'the-new-sealed' };
const STATES = ['wait call-back', 'cleaning'];

onBothEngines((open) => {
  beforeEach(async () => {
    await open().db.deleteFrom('agent_session').execute();
  });

  const seal = async (
    provisionState: ProvisionState = 'wait call-back',
    route: 'poll' | 'vmedia' = 'poll',
  ) => {
    const nodeUuid = randomUUID() as NodeUuid;
    await insertNode(open().db, newNode({ uuid: nodeUuid, provisionState }), { nowMs: NOW_MS });
    const id = randomUUID();
    await insertSession(open().db, {
      id,
      nodeUuid,
      bootNumber: 1,
      route,
      cause: 'deploy',
      state: 'SEALED',
      windowOpenedMs: NOW_MS,
      windowClosesMs: NOW_MS + 1,
      tokenHash: 'hash-of-the-medium',
      tokenSealed: 'the-medium-sealed',
      keySealed: '',
      certificate: '',
      pin: '',
      trustLevel: 2,
    });
    return { id, nodeUuid };
  };

  const bind = (id: string, nowMs: number = NOW_MS): Promise<boolean> =>
    bindPolledSession(open().db, id, {
      callbackUrl: 'https://192.0.2.1:9999',
      address: '192.0.2.1',
      agentVersion: '1',
      startedAtMs: NOW_MS,
      isProven: true,
      nowMs,
    });

  const tokensOf = async (nodeUuid: NodeUuid) => {
    const session = await findOpenSession(open().db, nodeUuid);
    return [session?.tokenHash, session?.tokenSealed, session?.pendingTokenHash];
  };

  const lease = async (nodeUuid: NodeUuid): Promise<number> => {
    const claim = { owner: randomUUID(), nowMs: NOW_MS, leaseMs: 1_000 };
    return (await claimLease(open().db, nodeUuid, claim)) ?? -1;
  };

  test('a new token takes the place of the old one in one statement, and nothing is left of that', async () => {
    const session = await seal();
    const fence = await lease(session.nodeUuid);

    assert.ok(await storePendingToken(open().db, session, fence, PENDING));
    assert.ok(await promotePendingToken(open().db, session.id, PENDING.hash));

    assert.deepEqual(await tokensOf(session.nodeUuid), [PENDING.hash, PENDING.sealed, null]);
    assert.equal(await promotePendingToken(open().db, session.id, PENDING.hash), false);
  });

  test('only the owner of the node stores a new token, and only while the boot lasts', async () => {
    const session = await seal();
    const fence = await lease(session.nodeUuid);

    assert.equal(await storePendingToken(open().db, session, fence - 1, PENDING), false);
    await closeSession(open().db, session.nodeUuid, { reason: 'done', nowMs: NOW_MS });
    assert.equal(await storePendingToken(open().db, session, fence, PENDING), false);
  });

  test('a token that was dropped cannot be taken any more, and the old one stands', async () => {
    const session = await seal();
    await storePendingToken(open().db, session, await lease(session.nodeUuid), PENDING);

    await dropPendingToken(open().db, session.id, PENDING.hash);

    assert.equal(await promotePendingToken(open().db, session.id, PENDING.hash), false);
    assert.deepEqual(await tokensOf(session.nodeUuid), [
      'hash-of-the-medium',
      'the-medium-sealed',
      null,
    ]);
  });

  test('a session is bound once, and not when it is suspect', async () => {
    const session = await seal();
    const suspect = await seal();

    assert.deepEqual([await bind(session.id), await bind(session.id)], [true, false]);
    assert.ok(await suspectPolledSession(open().db, suspect.id));
    assert.equal(await bind(suspect.id), false);
    assert.equal(await suspectPolledSession(open().db, suspect.id), false);
  });

  test('asked are bound agents that are polled, in the states in which an agent runs', async () => {
    const asked = await seal();
    const calls = await seal('wait call-back', 'vmedia');
    const active = await seal('active');
    const closed = await seal();
    await seal();
    for (const { id } of [asked, calls, active, closed]) await bind(id);
    await closeSession(open().db, closed.nodeUuid, { reason: 'done', nowMs: NOW_MS });

    const page = { seenUntilMs: NOW_MS, after: undefined, limit: 10 };
    const listed = await listSessionsToPoll(open().db, STATES, page);

    assert.deepEqual(
      listed.map(({ id }) => id),
      [asked.id],
    );
    assert.equal(await countPolledSessions(open().db, STATES), 1);
    const earlier = { ...page, seenUntilMs: NOW_MS - 1 };
    assert.deepEqual(await listSessionsToPoll(open().db, STATES, earlier), []);
  });

  test('page by page everybody comes once, those that were not seen for longest first', async () => {
    for (let at = 0; at < 7; at += 1) await bind((await seal()).id, NOW_MS - (at % 3));

    const seen: PollCursor[] = [];
    for (let pages = 0; pages < 4; pages += 1) {
      const after = seen.at(-1);
      const page = await listSessionsToPoll(open().db, STATES, {
        seenUntilMs: NOW_MS,
        after,
        limit: 2,
      });
      seen.push(...page.map(({ id, lastSeenMs }) => ({ id, lastSeenMs: lastSeenMs ?? 0 })));
    }

    assert.equal(new Set(seen.map(({ id }) => id)).size, 7);
    const times = seen.map(({ lastSeenMs }) => lastSeenMs);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
  });
});
