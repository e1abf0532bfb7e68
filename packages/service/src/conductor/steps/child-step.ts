// A step that is done on the children of a node instead of on the node: blades of a chassis, cards in a host. Power,
// or what their own drivers offer; nobody else works on a child meanwhile.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord, PowerTarget } from '@bessemer/protocol/node/record';

import type { Queryable } from '#store/database';
import { claimLease, releaseLease, releaseLeaseOf } from '#store/leases';
import { listChildren } from '#store/node-views';
import { findNode, type NodeChanges, updateNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';

import { readHardware } from '../management/read-hardware.ts';
import { isInTheWay } from '../workflow/give-way.ts';
import type { Job, Step } from '../workflow/step.ts';
import { argsOf, refuseSecondTime, requireDriverStep } from './driver-step.ts';
import { CHILD_STEP_RUNNER } from './plan-step.ts';
import { POWER_TARGETS } from './reserved-steps.ts';

const chosenChildren = async (job: Job): Promise<readonly string[]> => {
  const known = await listChildren(job.parts.store.db, job.node.uuid);
  const { children } = job.planned.args;
  if (!Array.isArray(children)) return known;
  const asked = children as string[];
  const foreign = asked.filter((uuid) => !known.includes(uuid.toLowerCase()));
  if (foreign.length === 0) return asked;
  throw new Failure(
    'steps.invalid',
    `limit_child_node_execution names nodes that are no children of ${job.node.uuid}: ${foreign.join(', ')}.`,
  );
};

type Performed = {
  readonly changes: NodeChanges;
  readonly also?: (queryable: Queryable) => Promise<void>;
};

const perform = async (job: Job, child: NodeRecord): Promise<Performed> => {
  const driver = job.parts.drivers.driverOf(child);
  const target: PowerTarget | undefined = POWER_TARGETS[job.planned.name];
  if (target === undefined) {
    const step = requireDriverStep(driver, job.planned);
    const { node = {}, isHardwareChanged } = await step.run(child, argsOf(job.planned));
    if (isHardwareChanged !== true) return { changes: node };
    return { changes: node, also: await readHardware({ ...job, node: child, driver }) };
  }
  await driver.power.setState(child, target, { timeoutMs: job.parts.options.powerTimeoutMs });
  return { changes: { powerState: target === 'power off' ? 'power off' : 'power on' } };
};

const busy = (child: Pick<NodeRecord, 'uuid'>): Failure =>
  new Failure(
    'node.invalid',
    `The child node ${child.uuid} is being worked on. Wait for that, then ask for the same again.`,
  );

/** Nodes are tied to nodes of the same owner; who owns one may have become somebody else since. */
const foreign = (child: NodeRecord, node: Pick<NodeRecord, 'uuid'>): Failure =>
  new Failure(
    'steps.invalid',
    `The child node ${child.uuid} has another owner than its parent ${node.uuid}. Change parent_node or owner first.`,
  );

const runOnChild = async (job: Job, uuid: string): Promise<void> => {
  const { store, clock, options } = job.parts;
  const child = await findNode(store.db, uuid);
  if (child === undefined) return;
  if (child.owner !== job.node.owner) throw foreign(child, job.node);
  const claim = {
    owner: `child-step of ${job.node.uuid}`,
    nowMs: clock.wallMs(),
    // Nobody renews it, so it lasts as long as a slow power action may.
    leaseMs: options.leaseMs + 2 * options.powerTimeoutMs,
  };
  const fence = await store.transaction(async (transaction) => {
    const open = await findOpenWorkflow(transaction, child.uuid);
    if (open !== undefined && isInTheWay(open)) return undefined;
    // Whoever holds the parent is the only one to do this: what is there is of a process that died in it.
    await releaseLeaseOf(transaction, child.uuid, claim.owner);
    return claimLease(transaction, child.uuid, claim);
  });
  if (fence === undefined) throw busy(child);
  try {
    const { changes, also } = await perform(job, child);
    await store.transaction(async (transaction) => {
      const isOurs = await updateNode(transaction, child.uuid, changes, { fence });
      if (isOurs) await also?.(transaction);
    });
  } finally {
    await releaseLease(store.db, child.uuid, fence);
  }
};

/** After a crash it is done again on every child, where that does no harm. */
export const childStep: Step = {
  name: CHILD_STEP_RUNNER,
  isIdempotent: false,
  reconcile: async (job) => {
    refuseSecondTime(job);
    return childStep.run(job);
  },
  run: async (job) => {
    const children = await chosenChildren(job);
    for (const uuid of children) await runOnChild(job, uuid);
    return { kind: 'done', detail: { children: [...children] } };
  },
};
