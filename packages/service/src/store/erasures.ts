// What was done to each disk in each cleaning. Append only: it is the proof that people ask for later.

import { isoTime } from '#clock';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

export type ErasureRecord = {
  readonly workflowId: string;
  readonly diskName: string;
  readonly diskSerial: string | null;
  readonly diskBytes: number;
  readonly method: string;
  readonly detail: JsonObject;
  readonly summary: string;
};

export const addErasures = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  records: readonly ErasureRecord[],
  nowMs: number,
): Promise<void> => {
  if (records.length === 0) return;
  await queryable
    .insertInto('erasure')
    .values(
      records.map((record) => ({
        node_uuid: nodeUuid,
        workflow_id: record.workflowId,
        disk_name: record.diskName,
        disk_serial: record.diskSerial,
        disk_bytes: record.diskBytes,
        method: record.method,
        detail: JSON.stringify(record.detail),
        summary: record.summary,
        created_at: isoTime(nowMs),
      })),
    )
    .execute();
};

/** The newest first. */
export const listErasures = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  options: { readonly limit: number },
): Promise<readonly (ErasureRecord & { readonly createdAt: string })[]> => {
  const rows = await queryable
    .selectFrom('erasure')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute();
  return rows.map((row) => ({
    workflowId: row.workflow_id,
    diskName: row.disk_name,
    diskSerial: row.disk_serial,
    diskBytes: row.disk_bytes,
    method: row.method,
    detail: JSON.parse(row.detail) as JsonObject,
    summary: row.summary,
    createdAt: row.created_at,
  }));
};
