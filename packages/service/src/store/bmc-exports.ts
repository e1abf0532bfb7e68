// Requests for passwords of BMCs by persons. A row is a request; `givenMs` says that the sealed file was given.

import type { Selectable } from 'kysely';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { BmcExportTable } from './bmc-tables.ts';
import type { Queryable } from './database.ts';

export type BmcExportRecord = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly reason: string;
  /** Public key that the file is sealed to. */
  readonly recipient: string;
  /** Null: whoever asked has no name. */
  readonly requester: string | null;
  readonly requestedMs: number;
  readonly approver: string | null;
  readonly givenMs: number | null;
};

const recordOf = (row: Selectable<BmcExportTable>): BmcExportRecord => ({
  id: row.id,
  nodeUuid: row.node_uuid as NodeUuid,
  reason: row.reason,
  recipient: row.recipient,
  requester: row.requester,
  requestedMs: row.requested_ms,
  approver: row.approver,
  givenMs: row.given_ms,
});

export const insertBmcExport = async (
  queryable: Queryable,
  record: Omit<BmcExportRecord, 'approver' | 'givenMs'>,
): Promise<void> => {
  await queryable
    .insertInto('bmc_export')
    .values({
      id: record.id,
      node_uuid: record.nodeUuid,
      reason: record.reason,
      recipient: record.recipient,
      requester: record.requester,
      requested_ms: record.requestedMs,
      approver: null,
      given_ms: null,
    })
    .execute();
};

export const findBmcExport = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  id: string,
): Promise<BmcExportRecord | undefined> => {
  const row = await queryable
    .selectFrom('bmc_export')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

export const countBmcExports = async (queryable: Queryable, sinceMs: number): Promise<number> => {
  const row = await queryable
    .selectFrom('bmc_export')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('requested_ms', '>', sinceMs)
    .executeTakeFirstOrThrow();
  return row.count;
};

/** False when it was given already: each request is answered with one file. */
export const giveBmcExport = async (
  queryable: Queryable,
  id: string,
  { approver, nowMs }: { readonly approver: string | null; readonly nowMs: number },
): Promise<boolean> => {
  const result = await queryable
    .updateTable('bmc_export')
    .set({ approver, given_ms: nowMs })
    .where('id', '=', id)
    .where('given_ms', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};
