// Who owns a node now. Claim, renew and release are single conditional updates; the fence only ever rises, and
// every write on behalf of a workflow names it. A store that says "zero rows" says "you are no longer the owner".

import { sql } from 'kysely';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

/** The new fence, or undefined when somebody else holds the node. */
export const claimLease = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  claim: { readonly owner: string; readonly nowMs: number; readonly leaseMs: number },
): Promise<number | undefined> => {
  const row = await queryable
    .updateTable('lease')
    .set({
      owner: claim.owner,
      fence: sql<number>`fence + 1`,
      until_ms: claim.nowMs + claim.leaseMs,
    })
    .where('node_uuid', '=', nodeUuid)
    .where((where) => where.or([where('owner', 'is', null), where('until_ms', '<', claim.nowMs)]))
    .returning('fence')
    .executeTakeFirst();
  return row?.fence;
};

/** Extends the leases that `owner` still holds of these nodes. */
export const renewLeases = async (
  queryable: Queryable,
  owner: string,
  nodeUuids: readonly NodeUuid[],
  untilMs: number,
): Promise<void> => {
  await queryable
    .updateTable('lease')
    .set({ until_ms: untilMs })
    .where('owner', '=', owner)
    .where('node_uuid', 'in', nodeUuids)
    .execute();
};

/** False, with nothing changed, when the lease had passed to somebody else. */
const changeOwn = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  fence: number,
  change: { readonly owner?: null; readonly until_ms?: number; readonly fence?: number },
): Promise<boolean> => {
  const result = await queryable
    .updateTable('lease')
    .set(change)
    .where('node_uuid', '=', nodeUuid)
    .where('fence', '=', fence)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** False when the lease had passed to somebody else. */
export const releaseLease = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  fence: number,
): Promise<boolean> => changeOwn(queryable, nodeUuid, fence, { owner: null, until_ms: 0 });

/** Ends what `owner` left behind; of one who is known to be dead. */
export const releaseLeaseOf = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  owner: string,
): Promise<void> => {
  await queryable
    .updateTable('lease')
    .set({ owner: null, until_ms: 0 })
    .where('node_uuid', '=', nodeUuid)
    .where('owner', '=', owner)
    .execute();
};

/**
 * Whether the lease is still that of `fence`. In a transaction that writes by it: a write that changes nothing keeps the lease
 * as it is until that is over.
 */
export const isFenceCurrent = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  fence: number,
): Promise<boolean> => changeOwn(queryable, nodeUuid, fence, { fence });

/** Whether somebody works on the node at this moment. */
export const isLeased = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  nowMs: number,
): Promise<boolean> => {
  const row = await queryable
    .selectFrom('lease')
    .select(['owner', 'until_ms'])
    .where('node_uuid', '=', nodeUuid)
    .executeTakeFirst();
  return row !== undefined && row.owner !== null && row.until_ms >= nowMs;
};

/**
 * Takes back every lease at once: for a store that only one process can use, at its start. Whoever held them is
 * dead. The fence rises with the next claim.
 */
export const dropAllLeases = async (queryable: Queryable): Promise<void> => {
  await queryable.updateTable('lease').set({ owner: null, until_ms: 0 }).execute();
  await queryable.updateTable('node').set({ reservation: null }).execute();
};
