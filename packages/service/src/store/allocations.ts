// Allocations by record, and the one transaction in which an allocation and a node become each other's.

import { sql, type SqlBool, type Transaction } from 'kysely';

import { isoTime } from '#clock';

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { isCandidate } from './candidates.ts';
import type { Queryable } from './database.ts';
import { holdNode } from './held-node.ts';
import { updateNode } from './nodes.ts';
import type { PageRequest } from './paging.ts';
import { recordTable } from './record-table.ts';
import type { Schema } from './schema.ts';

export const allocations = recordTable<AllocationRecord>('allocation', {
  uuid: ['uuid', 'text'],
  name: ['name', 'text'],
  nodeUuid: ['node_uuid', 'text'],
  state: ['state', 'text'],
  resourceClass: ['resource_class', 'text'],
  traits: ['traits', 'json'],
  candidateNodes: ['candidate_nodes', 'json'],
  isNamePreferred: ['is_name_preferred', 'flag'],
  extra: ['extra', 'json'],
  lastError: ['last_error', 'text'],
  owner: ['owner', 'text'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

/** By UUID, else by name. */
export const findAllocation = (
  queryable: Queryable,
  ident: string,
): Promise<AllocationRecord | undefined> => allocations.find(queryable, ident);

export const findAllocationOfNode = async (
  queryable: Queryable,
  nodeUuid: string,
): Promise<AllocationRecord | undefined> =>
  (await allocations.where(queryable, sql<SqlBool>`node_uuid = ${nodeUuid}`))[0];

export type AllocationFilters = {
  readonly nodeUuid?: string | undefined;
  readonly resourceClass?: string | undefined;
  readonly state?: string | undefined;
  readonly owner?: string | undefined;
};

/** Throws `MarkerUnknown`. */
export const listAllocations = (
  queryable: Queryable,
  filters: AllocationFilters,
  page: PageRequest,
): Promise<readonly AllocationRecord[]> => {
  const wanted = {
    node_uuid: filters.nodeUuid,
    resource_class: filters.resourceClass,
    state: filters.state,
  };
  const { owner } = filters;
  return allocations.list(queryable, page, {
    asked: Object.entries(wanted)
      .filter(([, value]) => value !== undefined)
      .map(([column, value]) => sql<SqlBool>`${sql.ref(`allocation.${column}`)} = ${value}`),
    visible: owner === undefined ? [] : [sql<SqlBool>`allocation.owner = ${owner}`],
  });
};

/** Those that nobody has found a node for yet, the oldest first. */
export const listOpenAllocations = async (
  queryable: Queryable,
  options: { readonly limit: number },
): Promise<readonly string[]> => {
  const rows = await queryable
    .selectFrom('allocation')
    .select('uuid')
    .where('state', '=', 'allocating')
    .orderBy('id')
    .limit(options.limit)
    .execute();
  return rows.map(({ uuid }) => uuid);
};

/** False when somebody else has ended it meanwhile. */
const endAllocation = async (
  queryable: Queryable,
  uuid: string,
  end: { readonly state: 'active'; readonly node_uuid: string } | FailedColumns,
  nowMs: number,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('allocation')
    .set({ ...end, updated_at: isoTime(nowMs) })
    .where('uuid', '=', uuid)
    .where('state', '=', 'allocating')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

type FailedColumns = { readonly state: 'error'; readonly last_error: string };

export const failAllocation = (
  queryable: Queryable,
  uuid: string,
  text: string,
  nowMs: number,
): Promise<boolean> => endAllocation(queryable, uuid, { state: 'error', last_error: text }, nowMs);

/** `node-lost`: it is no candidate any more. `node-locked`: it may be again soon. `ended`: somebody was faster. */
export type Taken = 'taken' | 'node-lost' | 'node-locked' | 'ended';

/**
 * Gives the node to the allocation, if both are still free. Whoever wants the same node waits at its row and then sees
 * that it is gone. Throws `Conflict` when the instance UUID is in use elsewhere.
 */
export const takeNode = async (
  transaction: Transaction<Schema>,
  allocation: AllocationRecord,
  nodeUuid: string,
  nowMs: number,
): Promise<Taken> => {
  const node = await holdNode(transaction, nodeUuid);
  if (node === undefined || !isCandidate(node, allocation)) return 'node-lost';
  if (node.reservation !== null) return 'node-locked';
  const end = { state: 'active', node_uuid: node.uuid } as const;
  if (!(await endAllocation(transaction, allocation.uuid, end, nowMs))) return 'ended';
  await bindNode(transaction, node, allocation, nowMs);
  return 'taken';
};

/** The node's half of an allocation. The caller holds the node. */
export const bindNode = async (
  transaction: Transaction<Schema>,
  node: Pick<NodeRecord, 'uuid' | 'instanceInfo'>,
  allocation: Pick<AllocationRecord, 'uuid' | 'traits'>,
  nowMs: number,
): Promise<void> => {
  await updateNode(transaction, node.uuid, {
    instanceUuid: allocation.uuid,
    allocationUuid: allocation.uuid,
    instanceInfo: { ...node.instanceInfo, traits: [...allocation.traits] },
    updatedAt: isoTime(nowMs),
  });
};

/** What `refuse` finds wrong with the node that it holds stops the removal. False when it is gone already. */
export const removeAllocation = async (
  transaction: Transaction<Schema>,
  uuid: string,
  nowMs: number,
  refuse: (node: NodeRecord, allocation: AllocationRecord) => void,
): Promise<boolean> => {
  const seen = await allocations.find(transaction, uuid);
  if (seen === undefined) return false;
  if (seen.nodeUuid === null) {
    const result = await transaction
      .deleteFrom('allocation')
      .where('uuid', '=', uuid)
      .where('node_uuid', 'is', null)
      .executeTakeFirst();
    if (result.numDeletedRows > 0n) return true;
  }
  // It may have got its node just now.
  const nodeUuid = (await allocations.find(transaction, uuid))?.nodeUuid;
  const node =
    nodeUuid === undefined || nodeUuid === null ? undefined : await holdNode(transaction, nodeUuid);
  if (node === undefined) return allocations.remove(transaction, uuid);
  refuse(node, seen);
  const cleared = { instanceUuid: null, updatedAt: isoTime(nowMs) };
  return updateNode(transaction, node.uuid, cleared, {
    where: { allocationUuid: uuid },
  });
};
