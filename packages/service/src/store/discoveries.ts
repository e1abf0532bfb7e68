// Nodes that the service made by itself, for machines that it found.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

export type DiscoveryRecord = {
  readonly nodeUuid: NodeUuid;
  /** The allowed network that it was found in. */
  readonly network: string;
  readonly source: string;
  readonly foundMs: number;
};

export const insertDiscovery = async (
  queryable: Queryable,
  { nodeUuid, network, source, foundMs }: DiscoveryRecord,
): Promise<void> => {
  await queryable
    .insertInto('discovery')
    .values({ node_uuid: nodeUuid, network, source, found_ms: foundMs })
    .execute();
};

export const findDiscovery = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<DiscoveryRecord | undefined> => {
  const row = await queryable
    .selectFrom('discovery')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { nodeUuid, network: row.network, source: row.source, foundMs: row.found_ms };
};

/** Found in the network since then, whatever became of them. */
export const countDiscoveries = async (
  queryable: Queryable,
  network: string,
  sinceMs: number,
): Promise<number> => {
  const { count } = await queryable
    .selectFrom('discovery')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('network', '=', network)
    .where('found_ms', '>', sinceMs)
    .executeTakeFirstOrThrow();
  return Number(count);
};

/** Found, and nobody has taken them on yet. */
export const countWaitingDiscoveries = async (queryable: Queryable): Promise<number> => {
  const { count } = await queryable
    .selectFrom('discovery')
    .innerJoin('node', 'node.uuid', 'discovery.node_uuid')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('node.provision_state', '=', 'enroll')
    .executeTakeFirstOrThrow();
  return Number(count);
};

/** Nodes whose driver_info says where something is, in the order of their UUIDs, after `after`. */
export const listAddressedNodes = async (
  queryable: Queryable,
  after: string,
  limit: number,
): Promise<readonly { readonly nodeUuid: NodeUuid; readonly driverInfo: JsonObject }[]> => {
  const rows = await queryable
    .selectFrom('node')
    .select(['uuid', 'driver_info'])
    .where('uuid', '>', after)
    .where('driver_info', 'like', '%_address"%')
    .orderBy('uuid')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    nodeUuid: row.uuid as NodeUuid,
    driverInfo: JSON.parse(row.driver_info) as JsonObject,
  }));
};
