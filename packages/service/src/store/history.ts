// What people read under GET history: one line for each operation that ended, and for each error.

import { randomUUID } from 'node:crypto';

import type { Selectable } from 'kysely';

import { isoTime } from '#clock';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { MarkerUnknown } from './paging.ts';
import type { HistoryTable } from './schema.ts';

export type HistoryEntry = {
  readonly uuid: string;
  readonly conductor: string;
  readonly severity: 'ERROR' | 'INFO';
  readonly event: string;
  readonly eventType: string;
  readonly user: string | null;
  readonly project: string | null;
  readonly state: string | null;
  readonly targetProvisionState: string | null;
  readonly durationMs: number | null;
  readonly createdAt: string;
};

export const addHistory = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  entry: Pick<HistoryEntry, 'conductor' | 'severity' | 'event' | 'eventType'> &
    Partial<
      Pick<HistoryEntry, 'user' | 'project' | 'state' | 'targetProvisionState' | 'durationMs'>
    >,
  nowMs: number,
): Promise<void> => {
  await queryable
    .insertInto('history')
    .values({
      uuid: randomUUID(),
      node_uuid: nodeUuid,
      conductor: entry.conductor,
      severity: entry.severity,
      event: entry.event,
      event_type: entry.eventType,
      user: entry.user ?? null,
      project: entry.project ?? null,
      state: entry.state ?? null,
      target_provision_state: entry.targetProvisionState ?? null,
      duration_ms: entry.durationMs ?? null,
      created_at: isoTime(nowMs),
    })
    .execute();
};

export type HistoryPage = {
  readonly limit: number;
  readonly isDescending: boolean;
  /** UUID of the last entry of the page before. */
  readonly marker: string | undefined;
};

/** As much as anybody reads at once. */
const FIRST_PAGE: HistoryPage = { limit: 1_000, isDescending: false, marker: undefined };

/** In the order in which it was written. Throws `MarkerUnknown`. */
export const listHistory = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  page: HistoryPage = FIRST_PAGE,
): Promise<readonly HistoryEntry[]> => {
  let query = queryable
    .selectFrom('history')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('id', page.isDescending ? 'desc' : 'asc')
    .limit(page.limit);
  if (page.marker !== undefined) {
    const marker = await findRow(queryable, nodeUuid, page.marker);
    if (marker === undefined) throw new MarkerUnknown(page.marker);
    query = query.where('id', page.isDescending ? '<' : '>', marker.id);
  }
  return (await query.execute()).map(entryOfRow);
};

export const findHistoryEntry = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  uuid: string,
): Promise<HistoryEntry | undefined> => {
  const row = await findRow(queryable, nodeUuid, uuid);
  return row === undefined ? undefined : entryOfRow(row);
};

const findRow = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  uuid: string,
): Promise<Selectable<HistoryTable> | undefined> =>
  queryable
    .selectFrom('history')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .where('uuid', '=', uuid)
    .executeTakeFirst();

const entryOfRow = (row: Selectable<HistoryTable>): HistoryEntry => ({
  uuid: row.uuid,
  conductor: row.conductor,
  severity: row.severity as HistoryEntry['severity'],
  event: row.event,
  eventType: row.event_type,
  user: row.user,
  project: row.project,
  state: row.state,
  targetProvisionState: row.target_provision_state,
  durationMs: row.duration_ms,
  createdAt: row.created_at,
});
