// Leases, workflows, the journal, agent sessions and what is kept about a node, on every engine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import {
  bindSession,
  closeSession,
  countMaskedLookup,
  findOpenSession,
  insertSession,
  type NewAgentSession,
  nextBootNumber,
} from '#store/agent-sessions';
import { addErasures, listErasures } from '#store/erasures';
import { addHistory, listHistory } from '#store/history';
import { findInventory, saveInventory } from '#store/inventories';
import { appendJournal, listJournal, type NewJournalLine, wasStepStarted } from '#store/journals';
import { claimLease, dropAllLeases, isLeased, releaseLease, renewLeases } from '#store/leases';
import {
  endWaitingWorkflow,
  findLastWorkflow,
  findOpenWorkflow,
  insertWorkflow,
  listOpenWorkflows,
  type PlannedStep,
  updateWorkflow,
  wakeWorkflow,
  type WorkflowChanges,
} from '#store/workflows';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { makeNode, NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const LEASE_MS = 10_000;
const claimBy = (owner: string, nowMs = NOW_MS) => ({ owner, nowMs, leaseMs: LEASE_MS });

const PLAN: readonly PlannedStep[] = [
  { name: 'write_image', interface: 'deploy', priority: 80, args: { a: [1] } },
];
const newWorkflow = (nodeUuid: NodeUuid, startedMs = NOW_MS) => ({
  id: randomUUID(),
  nodeUuid,
  kind: 'deploy',
  plan: PLAN,
  startedMs,
});

const newLine = (
  workflow: { readonly id: string; readonly nodeUuid: NodeUuid },
  event: NewJournalLine['event'],
): NewJournalLine => ({
  workflowId: workflow.id,
  nodeUuid: workflow.nodeUuid,
  atMs: NOW_MS,
  fence: 1,
  stepIndex: 0,
  step: 'write_image',
  interface: 'deploy',
  event,
  detail: { progress: { doneBytes: 5_000_000_000 } },
});

const newSession = (nodeUuid: NodeUuid, bootNumber: number): NewAgentSession => ({
  id: randomUUID(),
  nodeUuid,
  bootNumber,
  route: 'vmedia',
  cause: 'deploy',
  state: 'SEALED',
  windowOpenedMs: NOW_MS,
  windowClosesMs: NOW_MS + 1_000,
  tokenHash: 'ab'.repeat(32),
  tokenSealed: '{"sealed":"token"}',
  keySealed: '{"sealed":"key"}',
  certificate: 'PEM',
  pin: 'cd'.repeat(32),
  trustLevel: 3,
});

onBothEngines((store) => {
  describe('leases', () => {
    test('of rivals that claim a node exactly one gets it', async () => {
      const { uuid } = await makeNode(store());

      const fences = await Promise.all(
        Array.from({ length: RIVALS }, (_, rival) =>
          claimLease(store().db, uuid, claimBy(`rival ${rival}`)),
        ),
      );

      assert.deepEqual(
        fences.filter((fence) => fence !== undefined),
        [1],
      );
    });

    test('the fence rises with each owner, also with the same one', async () => {
      const { uuid } = await makeNode(store());
      const fences: (number | undefined)[] = [];

      for (let round = 0; round < 3; round += 1) {
        const fence = await claimLease(store().db, uuid, claimBy('one'));
        fences.push(fence);
        await releaseLease(store().db, uuid, fence ?? 0);
      }

      assert.deepEqual(fences, [1, 2, 3]);
    });

    test('a lease that was not renewed passes on, and its former owner cannot release it', async () => {
      const { uuid } = await makeNode(store());
      const first = await claimLease(store().db, uuid, claimBy('one'));
      const early = await claimLease(store().db, uuid, claimBy('two', NOW_MS + LEASE_MS));
      const late = await claimLease(store().db, uuid, claimBy('two', NOW_MS + LEASE_MS + 1));

      const isReleased = await releaseLease(store().db, uuid, first ?? 0);

      assert.deepEqual([first, early, late], [1, undefined, 2]);
      assert.equal(isReleased, false);
      assert.equal(await isLeased(store().db, uuid, NOW_MS + LEASE_MS + 1), true);
    });

    test('renewing extends the leases of one owner and nobody else', async () => {
      const [mine, other] = [await makeNode(store()), await makeNode(store())];
      const owner = randomUUID();
      await claimLease(store().db, mine.uuid, claimBy(owner));
      await claimLease(store().db, other.uuid, claimBy('another'));
      const laterMs = NOW_MS + 2 * LEASE_MS;

      await renewLeases(store().db, owner, [mine.uuid, other.uuid], laterMs + 1);

      assert.equal(await isLeased(store().db, mine.uuid, laterMs), true);
      assert.equal(await isLeased(store().db, other.uuid, laterMs), false);
    });

    test('after all leases are dropped, the next fence is still higher', async () => {
      const { uuid } = await makeNode(store(), { reservation: 'dead-conductor' });
      await claimLease(store().db, uuid, claimBy('dead'));

      await dropAllLeases(store().db);

      assert.equal(await isLeased(store().db, uuid, NOW_MS), false);
      assert.equal(await claimLease(store().db, uuid, claimBy('alive')), 2);
    });
  });

  describe('workflows', () => {
    test('a node has at most one open workflow, whoever tries', async () => {
      const { uuid } = await makeNode(store());

      const results = await Promise.allSettled(
        Array.from({ length: RIVALS }, () => insertWorkflow(store().db, newWorkflow(uuid))),
      );

      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
      assert.equal((await findOpenWorkflow(store().db, uuid))?.kind, 'deploy');
    });

    test('a workflow is read back as it was written, waits and failures included', async () => {
      const { uuid } = await makeNode(store());
      const workflow = newWorkflow(uuid);
      await insertWorkflow(store().db, { ...workflow, context: { boot: 3 } });
      const fence = await claimLease(store().db, uuid, claimBy('one'));
      const changes: WorkflowChanges = {
        cursor: 2,
        state: 'waiting',
        wait: {
          what: 'a call',
          on: 'the agent',
          remedy: 'look',
          sinceMs: NOW_MS,
          timeoutCode: 'agent.not-called',
        },
        deadlineMs: NOW_MS + 1_800_000,
        wakeMs: null,
        failure: { code: 'image.write', text: 'no', details: { disk: '/dev/sda' } },
      };

      const isUpdated = await updateWorkflow(store().db, workflow, fence ?? 0, changes);
      const found = await findOpenWorkflow(store().db, uuid);

      assert.equal(isUpdated, true);
      assert.deepEqual(found, {
        ...workflow,
        ...changes,
        context: { boot: 3 },
        isWoken: false,
        isAbortRequested: false,
        outcome: null,
        endedMs: null,
      });
    });

    test('a former owner cannot change the workflow', async () => {
      const { uuid } = await makeNode(store());
      const workflow = newWorkflow(uuid);
      await insertWorkflow(store().db, workflow);
      const former = await claimLease(store().db, uuid, claimBy('one'));
      await claimLease(store().db, uuid, claimBy('two', NOW_MS + LEASE_MS + 1));

      const isUpdated = await updateWorkflow(store().db, workflow, former ?? 0, { cursor: 9 });

      assert.equal(isUpdated, false);
      assert.equal((await findOpenWorkflow(store().db, uuid))?.cursor, 0);
    });

    test('a workflow that ended stays as it ended and makes room for the next', async () => {
      const { uuid } = await makeNode(store());
      const first = newWorkflow(uuid);
      await insertWorkflow(store().db, first);
      const fence = await claimLease(store().db, uuid, claimBy('one'));
      const end = { state: 'ended', outcome: 'succeeded', endedMs: NOW_MS + 5 } as const;
      await updateWorkflow(store().db, first, fence ?? 0, end);

      const again = await updateWorkflow(store().db, first, fence ?? 0, { outcome: 'failed' });
      const ended = await findLastWorkflow(store().db, uuid);
      const second = newWorkflow(uuid, NOW_MS + 10);
      await insertWorkflow(store().db, second);

      assert.equal(again, false);
      assert.equal(ended?.outcome, 'succeeded');
      assert.equal((await findLastWorkflow(store().db, uuid))?.id, second.id);
    });

    test('waking reaches the open workflow only', async () => {
      const [idle, busy] = [await makeNode(store()), await makeNode(store())];
      const workflow = newWorkflow(busy.uuid);
      await insertWorkflow(store().db, workflow);

      const results = [
        await wakeWorkflow(store().db, idle.uuid),
        await wakeWorkflow(store().db, busy.uuid),
      ];
      const listed = (await listOpenWorkflows(store().db)).filter(
        ({ nodeUuid }) => nodeUuid === idle.uuid || nodeUuid === busy.uuid,
      );

      assert.deepEqual(results, [false, true]);
      assert.deepEqual(listed, [
        {
          nodeUuid: busy.uuid,
          state: 'runnable',
          isWoken: true,
          wakeMs: null,
          deadlineMs: null,
        },
      ]);
    });

    test('a waiting workflow is ended once', async () => {
      const { uuid } = await makeNode(store());
      const workflow = newWorkflow(uuid);
      await insertWorkflow(store().db, workflow);

      const results = await Promise.all(
        Array.from({ length: RIVALS }, () => endWaitingWorkflow(store().db, workflow, NOW_MS)),
      );

      assert.equal(results.filter(Boolean).length, 1);
      assert.equal((await findLastWorkflow(store().db, uuid))?.outcome, 'aborted');
    });
  });

  describe('journal', () => {
    test('lines come in the order in which they were written, after the asked one', async () => {
      const { uuid } = await makeNode(store());
      const workflow = newWorkflow(uuid);
      await insertWorkflow(store().db, workflow);
      await appendJournal(store().db, [
        newLine(workflow, 'started'),
        newLine(workflow, 'progress'),
      ]);
      await appendJournal(store().db, []);
      await appendJournal(store().db, [newLine(workflow, 'ended')]);

      const all = await listJournal(store().db, uuid, { afterSeq: 0, limit: 10 });
      const rest = await listJournal(store().db, uuid, { afterSeq: all[0]?.seq ?? 0, limit: 1 });

      assert.deepEqual(
        all.map(({ event }) => event),
        ['started', 'progress', 'ended'],
      );
      assert.deepEqual(rest, [all[1]]);
      assert.equal(all[0]?.kind, 'deploy');
      assert.deepEqual(all[0]?.detail, { progress: { doneBytes: 5_000_000_000 } });
      assert.equal(all[0]?.atMs, NOW_MS);
    });

    test('the journal knows which steps were begun', async () => {
      const { uuid } = await makeNode(store());
      const workflow = newWorkflow(uuid);
      await insertWorkflow(store().db, workflow);
      await appendJournal(store().db, [newLine(workflow, 'started')]);

      assert.equal(await wasStepStarted(store().db, workflow.id, 0), true);
      assert.equal(await wasStepStarted(store().db, workflow.id, 1), false);
    });
  });

  describe('agent sessions', () => {
    test('a node has at most one open session, and boot numbers rise', async () => {
      const { uuid } = await makeNode(store());

      const first = await nextBootNumber(store().db, uuid);
      await insertSession(store().db, newSession(uuid, first));
      await assert.rejects(insertSession(store().db, newSession(uuid, first + 1)));
      await closeSession(store().db, uuid, { reason: 'done', nowMs: NOW_MS });
      const second = await nextBootNumber(store().db, uuid);

      assert.deepEqual([first, second], [1, 2]);
    });

    test('of rivals that bind a session only one succeeds', async () => {
      const { uuid } = await makeNode(store());
      const session = newSession(uuid, 1);
      await insertSession(store().db, session);

      const results = await Promise.all(
        Array.from({ length: RIVALS }, (_, rival) =>
          bindSession(store().db, session.id, {
            callbackUrl: `https://10.0.0.${rival}:9999`,
            address: `10.0.0.${rival}`,
            agentVersion: '1.0',
            pin: 'cd'.repeat(32),
            trustLevel: 2,
            sequence: null,
            nowMs: NOW_MS,
          }),
        ),
      );
      const bound = await findOpenSession(store().db, uuid);

      assert.equal(results.filter(Boolean).length, 1);
      assert.equal(bound?.state, 'BOUND');
      assert.equal(bound?.address, `10.0.0.${results.indexOf(true)}`);
    });

    test('closing a session destroys what was sealed and keeps the hash', async () => {
      const { uuid } = await makeNode(store());
      const session = newSession(uuid, 1);
      await insertSession(store().db, session);
      await countMaskedLookup(store().db, session.id);

      await closeSession(store().db, uuid, { reason: 'done', nowMs: NOW_MS });
      const row = await store()
        .db.selectFrom('agent_session')
        .selectAll()
        .where('id', '=', session.id)
        .executeTakeFirstOrThrow();

      assert.equal(await findOpenSession(store().db, uuid), undefined);
      assert.deepEqual([row.token_sealed, row.key_sealed], [null, null]);
      assert.equal(row.token_hash, 'ab'.repeat(32));
      assert.equal(row.masked_lookups, 1);
    });
  });

  describe('what is kept about a node', () => {
    test('history is read in the order in which it was written', async () => {
      const { uuid } = await makeNode(store());
      const shared = { conductor: 'c', severity: 'INFO', eventType: 'deploy' } as const;
      await addHistory(store().db, uuid, { ...shared, event: 'one', user: 'admin' }, NOW_MS);
      await addHistory(store().db, uuid, { ...shared, event: 'two', durationMs: 9 }, NOW_MS);

      const entries = await listHistory(store().db, uuid);

      assert.deepEqual(
        entries.map(({ event, user, durationMs }) => [event, user, durationMs]),
        [
          ['one', 'admin', null],
          ['two', null, 9],
        ],
      );
    });

    test('the last inventory replaces the one before', async () => {
      const { uuid } = await makeNode(store());
      await saveInventory(store().db, uuid, { inventory: { n: 1 }, pluginData: {} }, NOW_MS);
      await saveInventory(store().db, uuid, { inventory: { n: 2 }, pluginData: { p: 1 } }, NOW_MS);

      const found = await findInventory(store().db, uuid);

      assert.deepEqual(found, { inventory: { n: 2 }, pluginData: { p: 1 } });
    });

    test('erasures of several disks are read back, sizes beyond 32 bits included', async () => {
      const { uuid } = await makeNode(store());
      const disk = {
        workflowId: randomUUID(),
        diskName: '/dev/sda',
        diskSerial: null,
        diskBytes: 20_000_000_000_000,
        method: 'overwrite',
        detail: { samples: { count: 64, nonZero: 0 } },
        summary: 'erased',
      };
      await addErasures(store().db, uuid, [disk, { ...disk, diskName: '/dev/sdb' }], NOW_MS);
      await addErasures(store().db, uuid, [], NOW_MS);

      const found = await listErasures(store().db, uuid, { limit: 10 });

      assert.deepEqual(
        found.map(({ diskName }) => diskName),
        ['/dev/sdb', '/dev/sda'],
      );
      const { createdAt: _createdAt, ...first } = found[1] ?? { createdAt: '' };
      assert.deepEqual(first, disk);
    });
  });
});
