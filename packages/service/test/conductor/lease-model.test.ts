// Leases against a model: whatever claims, renewals, releases and waits happen in whatever order, a node has at most
// one owner, its fence only rises, and a fence that is not the newest changes nothing.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { openStore, type Store } from '#store/database';
import { claimLease, releaseLease, renewLeases } from '#store/leases';
import { findNode, insertNode, updateNode } from '#store/nodes';
import { insertWorkflow, updateWorkflow } from '#store/workflows';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { FAKE_INTERFACES, NOW_MS } from './with-engine.ts';

const LEASE_MS = 1_000;
const OWNERS = ['one', 'two', 'three'] as const;
type Owner = (typeof OWNERS)[number];

type Act =
  | { readonly kind: 'claim' | 'renew' | 'release' | 'write'; readonly owner: Owner }
  | { readonly kind: 'wait'; readonly ms: number };

const owners = fc.constantFrom(...OWNERS);
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constantFrom('claim', 'renew', 'release', 'write'), owner: owners }),
  // Around the end of a lease, where one millisecond decides.
  fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(1, 400, 999, 1_000, 1_001) }),
) as fc.Arbitrary<Act>;

let store: Store;
before(async () => {
  store = await openStore({ engine: 'sqlite', path: ':memory:' });
});
after(() => store.close());

type Model = {
  nowMs: number;
  fence: number;
  holder: Owner | undefined;
  untilMs: number;
  /** The fence that each owner was last given: what it would still write with. */
  readonly known: Map<Owner, number>;
  writes: number;
};

const makeSubject = async (): Promise<{ readonly uuid: NodeUuid; readonly workflowId: string }> => {
  const uuid = randomUUID() as NodeUuid;
  const workflowId = randomUUID();
  await insertNode(
    store.db,
    { uuid, driver: 'fake-hardware', interfaces: FAKE_INTERFACES },
    { nowMs: NOW_MS },
  );
  await insertWorkflow(store.db, {
    id: workflowId,
    nodeUuid: uuid,
    kind: 'deploy',
    plan: [],
    startedMs: NOW_MS,
  });
  return { uuid, workflowId };
};

const claim = async (uuid: NodeUuid, model: Model, owner: Owner): Promise<void> => {
  const isFree = model.holder === undefined || model.untilMs < model.nowMs;

  const fence = await claimLease(store.db, uuid, { owner, nowMs: model.nowMs, leaseMs: LEASE_MS });

  assert.equal(fence, isFree ? model.fence + 1 : undefined);
  if (fence === undefined) return;
  model.fence = fence;
  model.holder = owner;
  model.untilMs = model.nowMs + LEASE_MS;
  model.known.set(owner, fence);
};

const renew = async (uuid: NodeUuid, model: Model, owner: Owner): Promise<void> => {
  await renewLeases(store.db, owner, [uuid], model.nowMs + LEASE_MS);
  if (model.holder === owner) model.untilMs = model.nowMs + LEASE_MS;
  assert.ok(await findNode(store.db, uuid));
};

const release = async (uuid: NodeUuid, model: Model, owner: Owner): Promise<void> => {
  const fence = model.known.get(owner) ?? 0;

  const isReleased = await releaseLease(store.db, uuid, fence);

  assert.equal(isReleased, fence === model.fence);
  if (isReleased) model.holder = undefined;
};

/** What a workflow writes with a fence of its own lands if, and only if, nobody claimed the node since. */
const write = async (
  subject: { readonly uuid: NodeUuid; readonly workflowId: string },
  model: Model,
  owner: Owner,
): Promise<void> => {
  const fence = model.known.get(owner) ?? -1;
  model.writes += 1;
  const text = `${owner} ${model.writes}`;

  const isRowWritten = await updateNode(store.db, subject.uuid, { description: text }, { fence });
  const isWorkflowWritten = await updateWorkflow(
    store.db,
    { id: subject.workflowId, nodeUuid: subject.uuid },
    fence,
    { cursor: model.writes },
  );

  assert.equal(isRowWritten, fence === model.fence);
  assert.equal(isWorkflowWritten, fence === model.fence);
  const node = await findNode(store.db, subject.uuid);
  assert.equal(node?.description === text, fence === model.fence);
};

test('a node has one owner at a time, its fence only rises, and an older fence writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { maxLength: 40 }), async (history) => {
      const subject = await makeSubject();
      const model: Model = {
        nowMs: NOW_MS,
        fence: 0,
        holder: undefined,
        untilMs: 0,
        known: new Map(),
        writes: 0,
      };
      for (const act of history) {
        if (act.kind === 'wait') model.nowMs += act.ms;
        else if (act.kind === 'claim') await claim(subject.uuid, model, act.owner);
        else if (act.kind === 'renew') await renew(subject.uuid, model, act.owner);
        else if (act.kind === 'release') await release(subject.uuid, model, act.owner);
        else await write(subject, model, act.owner);
      }
      // A subject that stays leased would be renewed by the next history.
      await releaseLease(store.db, subject.uuid, model.fence);
    }),
    { numRuns: 150 },
  );
});
