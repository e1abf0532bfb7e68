// PATCH and DELETE of allocations.

import { isoTime } from '#clock';
import { allocations, findAllocation, removeAllocation } from '#store/allocations';

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';
import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';

import type { ApiParts } from '../api-parts.ts';
import { refuseLocked } from '../nodes/find-node.ts';
import { changedMeanwhile, refuseTaken } from '../resource/record-conflict.ts';
import { readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { allocationMissing, requireAllocation, sendAllocation } from './allocation-access.ts';

export const patchAllocationRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/allocations/:ident',
  rule: 'baremetal:allocation:update',
  asked: 'with-object',
  since: 'allocation-patch',
  statusBelow: 405,
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    const allocation = await requireAllocation(parts, request);
    refuseUnpatchable(ALLOCATION, operations, request.minor);
    const reading = { table: ALLOCATION, minor: request.minor };
    const patched = await rewrite(parts, allocation, (seen) =>
      readPatched(reading, seen, operations),
    );
    return sendAllocation(request, reply, patched);
  },
});

/** A node may be found for it meanwhile, which is nobody's conflict: the patch is applied again to what it is then. */
const ATTEMPTS_MAX = 3;

const rewrite = async (
  { store, clock }: ApiParts,
  allocation: AllocationRecord,
  patch: (seen: AllocationRecord) => Partial<AllocationRecord>,
): Promise<AllocationRecord> => {
  const { uuid } = allocation;
  let seen: AllocationRecord | undefined = allocation;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const values = patch(seen);
    if (Object.keys(values).length === 0) return seen;
    const changes = { ...values, updatedAt: isoTime(clock.wallMs()) };
    const named = typeof values.name === 'string' ? { uuid, name: values.name } : { uuid };
    const isWritten = await allocations
      .update(store.db, seen, changes)
      .catch((error: unknown) => refuseTaken(error, ALLOCATION.noun, named));
    if (isWritten) return { ...seen, ...changes };
    seen = await findAllocation(store.db, uuid);
    if (seen === undefined) throw allocationMissing(uuid);
  }
  throw changedMeanwhile(ALLOCATION.noun, uuid);
};

export const deleteAllocationRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/allocations/:ident',
  rule: 'baremetal:allocation:delete',
  asked: 'with-object',
  since: 'allocations',
  statusBelow: 405,
  handle: async (request, reply) => {
    await deleteAllocation(parts, await requireAllocation(parts, request));
    return reply.code(204).send();
  },
});

export const deleteAllocation = async (
  { store, clock }: ApiParts,
  { uuid }: AllocationRecord,
): Promise<void> => {
  await store.transaction((transaction) =>
    removeAllocation(transaction, uuid, clock.wallMs(), refuseInUse),
  );
};

/** Who uses a machine does not lose it by this. */
const refuseInUse = (node: NodeRecord, allocation: AllocationRecord): void => {
  refuseLocked(node);
  if (node.maintenance) return;
  const state = node.provisionState;
  const isMoving = node.targetProvisionState !== null && !stateRow(state).isPatchableWhileTargetSet;
  if (state !== 'active' && !isMoving) return;
  const why =
    state === 'active'
      ? 'the node is active'
      : `the node is in state "${state}", where updates are not allowed,`;
  throw new Refusal(
    409,
    `Cannot remove allocation ${allocation.uuid} for node ${node.uuid}, because ${why} and not in maintenance.`,
  );
};
