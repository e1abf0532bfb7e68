// What is kept beside a node and only ever read by the API: history, inventory, erasure records.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

export type HistoryEntry = {
  readonly uuid: string;
  readonly conductor: string;
  readonly severity: string;
  readonly event: string;
  readonly eventType: string;
  readonly user: string | null;
  readonly project: string | null;
  readonly state: string | null;
  readonly targetProvisionState: string | null;
  readonly durationMs: number | null;
  readonly createdAt: string;
};

export type HistoryPage = {
  readonly limit: number;
  readonly isDescending: boolean;
  readonly marker: string | undefined;
};

/** By time of creation. Undefined when the marker is unknown. */
export const readHistory = async (
  queryable: Queryable,
  node: NodeUuid,
  page: HistoryPage,
): Promise<readonly HistoryEntry[] | undefined> => {
  let query = queryable
    .selectFrom('history')
    .selectAll()
    .where('node_uuid', '=', node)
    .orderBy('id', page.isDescending ? 'desc' : 'asc')
    .limit(page.limit);
  if (page.marker !== undefined) {
    const marker = await queryable
      .selectFrom('history')
      .select('id')
      .where('node_uuid', '=', node)
      .where('uuid', '=', page.marker)
      .executeTakeFirst();
    if (marker === undefined) return undefined;
    query = query.where('id', page.isDescending ? '<' : '>', marker.id);
  }
  return (await query.execute()).map(entryOfRow);
};

export const readHistoryEntry = async (
  queryable: Queryable,
  node: NodeUuid,
  uuid: string,
): Promise<HistoryEntry | undefined> => {
  const row = await queryable
    .selectFrom('history')
    .selectAll()
    .where('node_uuid', '=', node)
    .where('uuid', '=', uuid)
    .executeTakeFirst();
  return row === undefined ? undefined : entryOfRow(row);
};

const entryOfRow = (row: {
  readonly uuid: string;
  readonly conductor: string;
  readonly severity: string;
  readonly event: string;
  readonly event_type: string;
  readonly user: string | null;
  readonly project: string | null;
  readonly state: string | null;
  readonly target_provision_state: string | null;
  readonly duration_ms: number | null;
  readonly created_at: string;
}): HistoryEntry => ({
  uuid: row.uuid,
  conductor: row.conductor,
  severity: row.severity,
  event: row.event,
  eventType: row.event_type,
  user: row.user,
  project: row.project,
  state: row.state,
  targetProvisionState: row.target_provision_state,
  durationMs: row.duration_ms,
  createdAt: row.created_at,
});

/** The stored texts, ready to be put into a reply. */
export const readInventoryText = async (
  queryable: Queryable,
  node: NodeUuid,
): Promise<{ readonly inventory: string; readonly pluginData: string } | undefined> => {
  const row = await queryable
    .selectFrom('inventory')
    .select(['inventory', 'plugin_data'])
    .where('node_uuid', '=', node)
    .executeTakeFirst();
  return row === undefined ? undefined : { inventory: row.inventory, pluginData: row.plugin_data };
};

export type ErasureEntry = {
  readonly disk: string;
  readonly serial: string | null;
  readonly sizeBytes: number;
  readonly method: string;
  readonly detail: JsonObject;
  readonly summary: string;
  readonly workflow: string;
  readonly at: string;
};

/** The newest first. */
export const readErasures = async (
  queryable: Queryable,
  node: NodeUuid,
  options: { readonly limit: number },
): Promise<readonly ErasureEntry[]> => {
  const rows = await queryable
    .selectFrom('erasure')
    .selectAll()
    .where('node_uuid', '=', node)
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute();
  return rows.map((row) => ({
    disk: row.disk_name,
    serial: row.disk_serial,
    sizeBytes: row.disk_bytes,
    method: row.method,
    detail: JSON.parse(row.detail) as JsonObject,
    summary: row.summary,
    workflow: row.workflow_id,
    at: row.created_at,
  }));
};

export const readChildren = async (
  queryable: Queryable,
  node: NodeUuid,
): Promise<readonly string[]> => {
  const rows = await queryable
    .selectFrom('node')
    .select('uuid')
    .where('parent_node', '=', node)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.uuid);
};
