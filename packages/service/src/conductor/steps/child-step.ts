// A step that is done on the children of a node instead of on the node: blades of a chassis, cards in a host. Power,
// or what their own drivers offer; nobody else works on a child meanwhile.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord, PowerTarget } from '@bessemer/protocol/node/record';

import { claimLease, releaseLease } from '#store/leases';
import { listChildren } from '#store/node-views';
import { findNode, type NodeChanges, updateNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';

import type { Job, Step } from '../workflow/step.ts';
import { argsOf, requireDriverStep } from './driver-step.ts';
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

const perform = async (job: Job, child: NodeRecord): Promise<NodeChanges> => {
  const driver = job.parts.drivers.driverOf(child);
  const target: PowerTarget | undefined = POWER_TARGETS[job.planned.name];
  if (target === undefined) {
    const step = requireDriverStep(driver, job.planned);
    return (await step.run(child, argsOf(job.planned))).node ?? {};
  }
  await driver.power.setState(child, target, { timeoutMs: job.parts.options.powerTimeoutMs });
  return { powerState: target === 'power off' ? 'power off' : 'power on' };
};

const busy = (child: Pick<NodeRecord, 'uuid'>): Failure =>
  new Failure(
    'node.invalid',
    `The child node ${child.uuid} is being worked on. Wait for that, then ask for the same again.`,
  );

const runOnChild = async (job: Job, uuid: string): Promise<void> => {
  const { store, clock, options } = job.parts;
  const child = await findNode(store.db, uuid);
  if (child === undefined) return;
  const claim = {
    owner: `${options.hostname}/child-step`,
    nowMs: clock.wallMs(),
    leaseMs: options.leaseMs,
  };
  const fence = await store.transaction(async (transaction) =>
    (await findOpenWorkflow(transaction, child.uuid)) === undefined
      ? claimLease(transaction, child.uuid, claim)
      : undefined,
  );
  if (fence === undefined) throw busy(child);
  try {
    await updateNode(store.db, child.uuid, await perform(job, child), { fence });
  } finally {
    await releaseLease(store.db, child.uuid, fence);
  }
};

/** Idempotent as far as the step is: after a crash it is done again on every child. */
export const childStep: Step = {
  name: CHILD_STEP_RUNNER,
  isIdempotent: true,
  run: async (job) => {
    const children = await chosenChildren(job);
    for (const uuid of children) await runOnChild(job, uuid);
    return { kind: 'done', detail: { children: [...children] } };
  },
};
