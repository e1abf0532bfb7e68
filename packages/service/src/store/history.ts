// What people read under GET history: one line for each operation that ended, and for each error.

import { randomUUID } from 'node:crypto';

import { isoTime } from '#clock';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

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
    Partial<Pick<HistoryEntry, 'user' | 'state' | 'targetProvisionState' | 'durationMs'>>,
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
      state: entry.state ?? null,
      target_provision_state: entry.targetProvisionState ?? null,
      duration_ms: entry.durationMs ?? null,
      created_at: isoTime(nowMs),
    })
    .execute();
};

export const listHistory = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<readonly HistoryEntry[]> => {
  const rows = await queryable
    .selectFrom('history')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
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
  }));
};
