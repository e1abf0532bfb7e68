// What somebody asks of a machine outside any provisioning: stored as a short workflow under the node's lease, so that
// nothing else works on the machine meanwhile, and a killed process does what it promised.

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { NodeDriver } from '#drivers/driver';
import type { Queryable } from '#store/database';
import { claimLease } from '#store/leases';
import { type NodeChanges, updateNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';
import { nodeLocked, noWorker, requireHeldNode } from '../provision/request-provision.ts';
import type { Scheduler } from '../scheduler.ts';
import { beginWorkflow } from '../workflow/begin-workflow.ts';
import { endForOther, isInTheWay } from '../workflow/give-way.ts';
import type { NextWorkflow } from '../workflow/workflow-kind.ts';

export type ShortWork = NextWorkflow & {
  /** What the node shows at once. */
  readonly changes?: NodeChanges;
  /** Also one of the same kind that waits ends for this one. */
  readonly isOwnKindEnded?: boolean;
  /** Last, in the transaction that stores the rest. */
  readonly also?: (transaction: Queryable, fence: number) => Promise<void>;
};

/** `judge` throws Refusal for what the node or its driver does not have. Returns the fence of the lease. */
export const requestWork = async (
  parts: ConductorParts,
  { owner, isFull }: Pick<Scheduler, 'owner' | 'isFull'>,
  uuid: NodeUuid,
  judge: (subject: { readonly node: NodeRecord; readonly driver: NodeDriver }) => ShortWork,
): Promise<number> =>
  parts.store.transaction(async (transaction) => {
    const node = await requireHeldNode(transaction, uuid);
    const { changes, also, isOwnKindEnded, ...work } = judge({
      node,
      driver: parts.drivers.driverOf(node),
    });
    const open = await findOpenWorkflow(transaction, uuid);
    const isOwnKind = open?.kind === work.kind && isOwnKindEnded !== true;
    if (open !== undefined && (isOwnKind || isInTheWay(open))) {
      throw nodeLocked(node, parts.options.hostname);
    }
    if (isFull()) throw noWorker();
    const nowMs = parts.clock.wallMs();
    const claim = { owner, nowMs, leaseMs: parts.options.leaseMs };
    const fence = await claimLease(transaction, uuid, claim);
    if (fence === undefined) throw nodeLocked(node, parts.options.hostname);
    if (open !== undefined) {
      await endForOther(transaction, { parts, workflow: open, fence }, work.kind);
    }
    await updateNode(transaction, uuid, {
      ...changes,
      lastError: null,
      reservation: parts.options.hostname,
    });
    await beginWorkflow(transaction, uuid, work, nowMs);
    await also?.(transaction, fence);
    return fence;
  });
