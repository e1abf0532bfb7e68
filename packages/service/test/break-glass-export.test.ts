// Exports of passwords of BMCs, and the holds that follow: who gets what, what is told, and that it ends.

import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, test } from 'node:test';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { SessionCaller } from '#conductor/conductor';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import type { ExportAnswer } from '#conductor/bmc-credential/break-glass/break-glass-door';
import {
  approveExport,
  type ExportParts,
  requestExport,
} from '#conductor/bmc-credential/break-glass/export-login';
import { endHolds, noteOpened } from '#conductor/bmc-credential/break-glass/hold';
import { makeLog } from '#observe/log';
import { listAudit } from '#store/audit';
import { changeBmcCredential, findBmcCredential } from '#store/bmc-credentials';
import { storeFailure } from '#trust/secret-store/store-failure';

import {
  type BreakGlassStage,
  newOperatorKey,
  openBreakGlassStage,
  openSealed,
  type OperatorKey,
  PASSWORDS,
} from './break-glass-stage.ts';
import { type HandClock, makeHandClock } from './drivers/hand-clock.ts';

const HOUR_MS = 3_600_000;
const HOLD_MS = 8 * HOUR_MS;

let operator: OperatorKey;
let stage: BreakGlassStage;
let clock: HandClock;
let node: NodeRecord;

before(async () => {
  operator = await newOperatorKey();
});

beforeEach(async () => {
  stage = await openBreakGlassStage();
  clock = makeHandClock();
  node = await stage.managed('rack4-slot2');
});

afterEach(() => stage.close());

type Options = Partial<ExportParts['options']>;

const parts = (options: Options = {}, secrets: ExportParts['secrets'] = stage.secrets) => ({
  events: {
    store: stage.store,
    keys: stage.keys,
    clock,
    log: makeLog({ level: 'silent' }),
    options: DEFAULT_CONDUCTOR_OPTIONS,
  },
  secrets,
  options: { holdMs: HOLD_MS, approvals: 1 as const, exportsPerHourMax: 10, ...options },
});

const callerOf = (user: string | null): SessionCaller => ({
  user,
  sourceAddress: '198.51.100.7',
  requestId: 'req-1',
});

const ask = (options: Options = {}, user: string | null = 'ada', more: object = {}) =>
  requestExport(parts(options), node.uuid, {
    caller: callerOf(user),
    reason: 'the network of the rack is down',
    recipient: operator.recipient,
    ...more,
  });

const given = (answer: ExportAnswer): ExportAnswer & { state: 'given' } => {
  assert.ok(answer.state === 'given');
  return answer;
};

const requested = (answer: ExportAnswer): ExportAnswer & { state: 'requested' } => {
  assert.ok(answer.state === 'requested');
  return answer;
};

const refusalOf = async (attempt: Promise<unknown>): Promise<readonly [number, string]> => {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Refusal, String(error));
  return [error.status, error.message];
};

const events = async (): Promise<readonly string[]> =>
  (await listAudit(stage.store.db, { afterSeq: 0, limit: 100 })).map(({ event }) => event);

const credential = async () => {
  const record = await findBmcCredential(stage.store.db, node.uuid);
  assert.ok(record);
  return record;
};

test('an export is a file that its recipient alone can open, and the node is held for its time', async () => {
  const stranger = await newOperatorKey();

  const { file, frozenUntilMs } = given(await ask());

  assert.equal((await openSealed(file, operator.identity))?.password, PASSWORDS['write-1']);
  await assert.rejects(openSealed(file, stranger.identity));
  assert.equal(frozenUntilMs, clock.wallMs() + HOLD_MS);
  const { state, frozen, nextDueMs } = await credential();
  assert.deepEqual([state, frozen?.untilMs, nextDueMs], ['frozen', frozenUntilMs, frozenUntilMs]);
});

test('who asked, why and for which key is in the audit log before the file is given', async () => {
  await ask();

  const [asked, done] = await listAudit(stage.store.db, { afterSeq: 0, limit: 100 });
  assert.deepEqual([asked?.event, done?.event], ['bmc.export.requested', 'bmc.export.done']);
  const detail = JSON.parse(done?.detail ?? '{}') as { [key: string]: unknown };
  assert.equal(detail['user'], 'ada');
  assert.equal(detail['reason'], 'the network of the rack is down');
  assert.equal(detail['recipient'], operator.recipient);
  assert.equal(done?.source, '198.51.100.7');
});

test('the password is in no row of audit, history or exports', async () => {
  await ask();

  const rows = JSON.stringify([
    await listAudit(stage.store.db, { afterSeq: 0, limit: 100 }),
    await stage.store.db.selectFrom('history').selectAll().execute(),
    await stage.store.db.selectFrom('bmc_export').selectAll().execute(),
    await stage.store.db.selectFrom('bmc_credential').selectAll().execute(),
  ]);
  assert.ok(rows.includes('bmc.export.done'));
  assert.ok(!rows.includes('canary'));
});

test('when the hold is over it ends, and the password is due to be rotated at once', async () => {
  await ask();

  clock.advance(HOLD_MS - 1);
  assert.deepEqual(await endHolds(parts().events), []);
  clock.advance(1);
  assert.deepEqual(await endHolds(parts().events), [node.uuid]);

  const { state, frozen, nextDueMs } = await credential();
  assert.deepEqual([frozen, nextDueMs], [null, clock.wallMs()]);
  assert.notEqual(state, 'frozen');
  assert.equal((await events()).at(-1), 'bmc.thawed');
});

test('a second export does not make the hold longer', async () => {
  const { frozenUntilMs } = given(await ask());
  clock.advance(HOUR_MS);

  assert.equal(given(await ask()).frozenUntilMs, frozenUntilMs);
});

test('opening the file of an export takes nothing of its time, and an export after an opening has its own', async () => {
  const opening = { caller: callerOf('ada'), writeId: 'write-1', reason: undefined };
  await noteOpened(parts().events, node.uuid, opening);
  const openedMs = clock.wallMs();
  clock.advance(HOUR_MS / 2);

  const { frozenUntilMs } = given(await ask());
  const again = await noteOpened(parts().events, node.uuid, opening);

  assert.equal(frozenUntilMs, openedMs + HOLD_MS);
  assert.equal(again.rotatesAtMs, frozenUntilMs);
});

test('a hold of a person without an end is not ended by time', async () => {
  await stage.store.transaction((transaction) =>
    changeBmcCredential(transaction, node.uuid, () => ({
      state: 'frozen',
      frozen: { reason: 'repair', atMs: 0 },
    })),
  );
  clock.advance(1_000 * HOUR_MS);

  assert.deepEqual(await endHolds(parts().events), []);
});

test('with two persons the first one gets nothing, and the second one gets the file of the first', async () => {
  const { id } = requested(await ask({ approvals: 2 }));
  assert.equal((await credential()).state, 'managed');

  const approval = { caller: callerOf('grace'), id };
  const { file } = given(await approveExport(parts({ approvals: 2 }), node.uuid, approval));

  assert.equal((await openSealed(file, operator.identity))?.username, 'bsmr-a');
  assert.deepEqual(await events(), [
    'bmc.export.requested',
    'bmc.export.approved',
    'bmc.export.done',
  ]);
});

test('nobody approves their own export, and nobody without a name takes part', async () => {
  const { id } = requested(await ask({ approvals: 2 }));
  const approve = (user: string | null) =>
    approveExport(parts({ approvals: 2 }), node.uuid, { caller: callerOf(user), id });

  assert.equal((await refusalOf(approve('ada')))[0], 403);
  assert.equal((await refusalOf(approve(null)))[0], 403);
  assert.equal((await refusalOf(ask({ approvals: 2 }, null)))[0], 403);
  assert.equal((await credential()).state, 'managed');
});

test('an approval counts once, for an hour, and for its node', async () => {
  const two = parts({ approvals: 2 });
  const first = requested(await ask({ approvals: 2 }));
  const caller = callerOf('grace');
  await approveExport(two, node.uuid, { caller, id: first.id });

  assert.equal((await refusalOf(approveExport(two, node.uuid, { caller, id: first.id })))[0], 409);
  const late = requested(await ask({ approvals: 2 }));
  const other = await stage.managed('other');
  assert.equal((await refusalOf(approveExport(two, other.uuid, { caller, id: late.id })))[0], 404);
  clock.advance(HOUR_MS + 1);
  assert.equal((await refusalOf(approveExport(two, node.uuid, { caller, id: late.id })))[0], 409);
});

test('more exports than allowed in an hour are refused, and allowed again after it', async () => {
  await ask({ exportsPerHourMax: 2 });
  await ask({ exportsPerHourMax: 2 });

  assert.equal((await refusalOf(ask({ exportsPerHourMax: 2 })))[0], 429);
  clock.advance(HOUR_MS);
  given(await ask({ exportsPerHourMax: 2 }));
});

const WRONG = ['age1wrong', 'AGE-SECRET-KEY-1QQQ', 'ssh-ed25519 AAAA', `age1${'q'.repeat(58)}`];

for (const recipient of WRONG) {
  test(`nothing is exported to ${recipient.slice(0, 20)}`, async () => {
    assert.equal((await refusalOf(ask({}, 'ada', { recipient })))[0], 400);
    assert.deepEqual(await events(), []);
  });
}

test('while the secret store is away nothing is given, and the node is not held', async () => {
  const away = { getWrite: () => Promise.reject(storeFailure('away', 'The store is away.')) };
  const attempt = requestExport(parts({}, away), node.uuid, {
    caller: callerOf('ada'),
    reason: 'x',
    recipient: operator.recipient,
  });

  assert.deepEqual(await refusalOf(attempt), [503, 'The store is away.']);
  assert.equal((await credential()).state, 'managed');
});

test('a node whose credentials nobody keeps has nothing to export', async () => {
  await stage.store.transaction((transaction) =>
    changeBmcCredential(transaction, node.uuid, () => ({ activeSlot: null })),
  );

  assert.equal((await refusalOf(ask()))[0], 409);
});

test('opening a file of the password in use is told, holds the node for an hour, and then it is rotated', async () => {
  const opening = { caller: callerOf('ada'), writeId: 'write-1', reason: undefined };

  const answer = await noteOpened(parts().events, node.uuid, opening);

  assert.deepEqual(answer, { isCurrent: true, rotatesAtMs: clock.wallMs() + HOUR_MS });
  assert.deepEqual(await events(), ['bmc.reveal']);
  clock.advance(HOUR_MS);
  assert.deepEqual(await endHolds(parts().events), [node.uuid]);
});

test('opening a file that cannot say what it is forces a rotation, too', async () => {
  const opening = { caller: callerOf('ada'), writeId: undefined, reason: undefined };

  const answer = await noteOpened(parts().events, node.uuid, opening);

  assert.deepEqual([answer.isCurrent, answer.rotatesAtMs], [false, clock.wallMs() + HOUR_MS]);
});

test('opening an old file is told, and changes nothing', async () => {
  await stage.commit(node, 'a', 'write-2');
  const opening = { caller: callerOf('ada'), writeId: 'write-1', reason: 'drill' };

  const answer = await noteOpened(parts().events, node.uuid, opening);

  assert.deepEqual(answer, { isCurrent: false, rotatesAtMs: null });
  assert.deepEqual([(await credential()).state, await events()], ['managed', ['bmc.reveal']]);
});
