// Events about trust: what is written where, and what is left out.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import {
  type EventParts,
  makeEventNoter,
  noteEvent,
  type TrustEvent,
} from '#conductor/trust-events';
import { makeLog } from '#observe/log';
import { auditDetail, findAuditEnd, listAudit, readAudit } from '#store/audit';
import { openStore } from '#store/database';
import { listHistory } from '#store/history';
import { listJournal } from '#store/journals';
import { insertWorkflow } from '#store/workflows';
import { makeAuditChain } from '#trust/audit-chain';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type HandClock, makeHandClock } from '../drivers/hand-clock.ts';
import { makeNode } from '../store-engines.ts';
import { memoryKeys } from './with-engine.ts';

let parts: EventParts;
let clock: HandClock;
let counted: string[];
beforeEach(async () => {
  clock = makeHandClock();
  counted = [];
  parts = {
    store: await openStore({ engine: 'sqlite', path: ':memory:' }),
    clock,
    log: makeLog({ level: 'silent' }),
    keys: memoryKeys(),
    options: DEFAULT_CONDUCTOR_OPTIONS,
    metrics: { countEvent: (name) => void counted.push(name) },
  };
});
afterEach(() => parts.store.close());

const rows = () => listAudit(parts.store.db, { afterSeq: 0, limit: 100 });
const note = (event: TrustEvent): Promise<void> =>
  parts.store.transaction((transaction) => noteEvent(transaction, parts, event));
const denial = (more: Partial<TrustEvent> = {}): TrustEvent => ({
  name: 'agent.lookup.denied',
  source: '192.0.2.9',
  outcome: 'refused',
  detail: { reason: 'network' },
  ...more,
});

test('a change is written each time, with all that is known of it', async () => {
  const event: TrustEvent = {
    name: 'agent.bound',
    nodeUuid: 'node' as NodeUuid,
    sessionId: 'session',
    bootNumber: 4,
    source: '192.0.2.7',
    agentVersion: '11.5.0',
    requestId: 'req-1',
    outcome: 'changed',
    detail: { trustLevel: 2 },
  };
  await note(event);
  await note(event);

  const written = await rows();
  assert.equal(written.length, 2);
  const { hash, detail, atMs, ...first } = written[0] ?? assert.fail();
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.deepEqual([JSON.parse(detail), atMs], [{ trustLevel: 2 }, clock.wallMs()]);
  assert.deepEqual(first, {
    seq: 1,
    event: 'agent.bound',
    severity: 'info',
    nodeUuid: 'node',
    sessionId: 'session',
    bootNumber: 4,
    source: '192.0.2.7',
    agentVersion: '11.5.0',
    requestId: 'req-1',
    outcome: 'changed',
  });
});

test('equal refusals are one row a minute; all are counted, the next row tells how many', async () => {
  const refuse = makeEventNoter(parts);
  for (let turn = 0; turn < 50; turn += 1) await refuse(denial());
  await refuse(denial({ detail: { reason: 'state' } }));
  await refuse(denial({ source: '192.0.2.10' }));
  assert.equal((await rows()).length, 3);

  clock.advance(60_000);
  await refuse(denial());

  const last = (await rows()).at(-1) ?? assert.fail();
  assert.deepEqual(auditDetail(last), { reason: 'network', suppressed: 49 });
  assert.equal(counted.length, 53);
});

test('what is loud is told in history, and in the journal of the work that goes on', async () => {
  const node = await makeNode(parts.store);
  const loud: TrustEvent = {
    name: 'agent.lookup.rival',
    nodeUuid: node.uuid,
    source: '192.0.2.9',
    outcome: 'changed',
  };
  await note(loud);
  await note({ ...loud, name: 'agent.lookup.repeat' });
  assert.deepEqual(await listJournal(parts.store.db, node.uuid, { afterSeq: 0, limit: 9 }), []);

  const plan = [{ name: 'wait_for_agent', interface: 'deploy', priority: 1, args: {} }];
  const workflow = { id: randomUUID(), nodeUuid: node.uuid, kind: 'deploy', plan };
  await insertWorkflow(parts.store.db, { ...workflow, startedMs: clock.wallMs() });
  await note(loud);

  const history = await listHistory(parts.store.db, node.uuid);
  assert.deepEqual(
    history.map(({ eventType, severity }) => [eventType, severity]),
    [
      ['agent.lookup.rival', 'ERROR'],
      ['agent.lookup.rival', 'ERROR'],
    ],
  );
  assert.match(history[0]?.event ?? '', /Two addresses asked.*192\.0\.2\.9/);
  const [line] = await listJournal(parts.store.db, node.uuid, { afterSeq: 0, limit: 9 });
  assert.deepEqual([line?.event, line?.detail['note']], ['note', 'agent.lookup.rival']);
});

test('what strangers send is stored bounded, and the chain over it holds', async () => {
  const hostile = `\u0000\ud800${'x'.repeat(10_000)}\n`;
  await note(
    denial({
      agentVersion: hostile,
      source: hostile,
      requestId: hostile,
      detail: { reason: hostile, a: hostile },
    }),
  );

  const [row] = await rows();
  assert.ok(JSON.stringify(row).length < 6_000);
  const chain = makeAuditChain(parts.keys.deriveKey('audit-chain'));
  const report = await chain.verify(readAudit(parts.store.db), await findAuditEnd(parts.store.db));
  assert.deepEqual([report.count, report.fault], [1, undefined]);
});
