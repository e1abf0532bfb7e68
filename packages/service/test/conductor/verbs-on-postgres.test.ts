// Two conductors over one PostgreSQL: between the reads and the writes of one of them the other one may change the
// node. Whoever wants to change what a node is doing holds the node first.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sql } from 'kysely';

import { openStore, type Queryable, type Store } from '#store/database';
import { claimLease, isLeased, releaseLease } from '#store/leases';
import { type NewNode, updateNode } from '#store/nodes';
import { insertWorkflow, updateWorkflow } from '#store/workflows';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type PostgresServer, startPostgres } from '../postgres-server.ts';
import { openConductor, type Subject } from './with-conductor.ts';

const LEASE_MS = 60_000;
const KIND = 'clean';

let server: PostgresServer;
let subject: Subject;
let other: Store;

before(async () => {
  server = await startPostgres();
  const url = await server.createDatabase();
  subject = await openConductor({}, await openStore({ engine: 'postgres', url }));
  other = await openStore({ engine: 'postgres', url });
});
after(async () => {
  await other.close();
  await subject.close();
  await server.stop();
});

let uuid: NodeUuid;
const workflow = () => ({ id: `workflow-of-${uuid}`, nodeUuid: uuid });

const makeNode = async (more: Partial<NewNode>): Promise<NodeRecord> => {
  const node = await subject.makeNode(more);
  ({ uuid } = node);
  return node;
};

/** A waiting workflow, as the other conductor left it when it gave its lease back. */
const wait = async (): Promise<void> => {
  await insertWorkflow(other.db, {
    ...workflow(),
    kind: KIND,
    plan: [{ name: 'wait', interface: 'conductor', priority: 0, args: {} }],
    startedMs: 0,
  });
  const fence = await claim(other.db);
  await updateWorkflow(other.db, workflow(), fence, { state: 'waiting' });
  await releaseLease(other.db, uuid, fence);
};

const claim = async (queryable: Queryable): Promise<number> => {
  const nowMs = subject.parts.clock.wallMs();
  const fence = await claimLease(queryable, uuid, { owner: 'other', nowMs, leaseMs: LEASE_MS });
  assert.ok(fence !== undefined);
  return fence;
};

const isSomebodyWaiting = async (): Promise<boolean> => {
  const { rows } = await sql`
    select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(other.db);
  return rows.length > 0;
};

/** Begins `rival` in the other conductor, then `ask` in ours, which has to wait for it; then the rival commits. */
const whileRivalCommits = async <T>(
  rival: (queryable: Queryable) => Promise<unknown>,
  ask: () => Promise<T>,
): Promise<PromiseSettledResult<T>> => {
  const written = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const committed = other.transaction(async (transaction) => {
    await rival(transaction);
    written.resolve(undefined);
    await gate.promise;
  });
  await written.promise;
  const progress = { isSettled: false };
  const asked = Promise.allSettled([ask()]).finally(() => {
    progress.isSettled = true;
  });
  while (!progress.isSettled && !(await isSomebodyWaiting())) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  gate.resolve(undefined);
  await committed;
  return (await asked)[0];
};

describe('a verb that had to wait for a node', () => {
  beforeEach(() => {
    uuid = randomUUID() as NodeUuid;
  });

  test('is refused where the work that it was to abort has ended meanwhile', async () => {
    await makeNode({ provisionState: 'clean wait', targetProvisionState: 'available' });
    await wait();

    const { status } = await whileRivalCommits(
      async (queryable) => {
        const fence = await claim(queryable);
        await updateWorkflow(queryable, workflow(), fence, {
          state: 'ended',
          outcome: 'succeeded',
          endedMs: 1,
        });
        await updateNode(queryable, uuid, { provisionState: 'available', reservation: null });
        await releaseLease(queryable, uuid, fence);
      },
      () => subject.conductor.requestProvision(uuid, { verb: 'abort' }),
    );

    const { provisionState, reservation } = await subject.nodeOf(uuid);
    assert.deepEqual([status, provisionState, reservation], ['rejected', 'available', null]);
    assert.equal(await isLeased(other.db, uuid, subject.parts.clock.wallMs()), false);
  });

  test('keeps what a client wrote into the node meanwhile', async () => {
    await makeNode({ provisionState: 'available', powerState: 'power off' });

    const { status } = await whileRivalCommits(
      (queryable) => updateNode(queryable, uuid, { instanceInfo: { display_name: 'mine' } }),
      () => subject.conductor.requestProvision(uuid, { verb: 'active', configDrive: 'aGVsbG8=' }),
    );

    const { instanceInfo } = await subject.nodeOf(uuid);
    assert.equal(status, 'fulfilled');
    assert.equal(instanceInfo['display_name'], 'mine');
    await subject.until(uuid, (node) => node.provisionState === 'active');
  });

  test('is refused where the node was deleted meanwhile', async () => {
    await makeNode({ provisionState: 'manageable' });

    const settled = await whileRivalCommits(
      (queryable) => queryable.deleteFrom('node').where('uuid', '=', uuid).execute(),
      () => subject.conductor.requestPower(uuid, 'power on', { timeoutMs: undefined }),
    );

    assert.ok(settled.status === 'rejected');
    assert.equal(settled.reason.status, 404);
  });
});
