// The audit log: append only, numbered without gaps, chained. The row of the end is held by whoever appends until
// its transaction is over, so several conductors append one after another and no number is ever given twice.

import type { Selectable } from 'kysely';

import type { JsonObject } from '@bessemer/protocol/json';

import type { Queryable } from './database.ts';
import { onceBuilt } from './once-built.ts';
import type { AuditTable } from './audit-tables.ts';

export type NewAuditRow = {
  readonly atMs: number;
  readonly event: string;
  readonly severity: string;
  readonly nodeUuid: string | null;
  readonly sessionId: string | null;
  readonly bootNumber: number | null;
  readonly source: string | null;
  readonly agentVersion: string | null;
  readonly requestId: string | null;
  readonly outcome: string;
  /** JSON text of an object, never with a secret. */
  readonly detail: string;
};

export type AuditRow = NewAuditRow & { readonly seq: number; readonly hash: string };

export type AuditEnd = { readonly seq: number; readonly hash: string; readonly seal: string };

/** What makes the chain; the store has no key. */
export type ChainMaker = {
  readonly link: (before: string, row: NewAuditRow & { readonly seq: number }) => string;
  readonly seal: (end: { readonly seq: number; readonly hash: string }) => string;
};

/** The only row of its table. */
const END_ID = 1;

const nextNumber = onceBuilt((queryable, { id }: { readonly id: number }) =>
  queryable
    .updateTable('audit_head')
    .set((each) => ({ seq: each('seq', '+', 1) }))
    .where('id', '=', id)
    .returning(['seq', 'hash']),
);

const takeNumber = async (queryable: Queryable) =>
  (await nextNumber(queryable, { id: END_ID })).rows[0];

const insertEntry = onceBuilt((queryable, entry: AuditRow) =>
  queryable.insertInto('audit').values({
    seq: entry.seq,
    at_ms: entry.atMs,
    event: entry.event,
    severity: entry.severity,
    node_uuid: entry.nodeUuid,
    session_id: entry.sessionId,
    boot_no: entry.bootNumber,
    source: entry.source,
    agent_version: entry.agentVersion,
    request_id: entry.requestId,
    outcome: entry.outcome,
    detail: entry.detail,
    hash: entry.hash,
  }),
);

const moveEnd = onceBuilt((queryable, { hash, seal }: Pick<AuditEnd, 'hash' | 'seal'>) =>
  queryable.updateTable('audit_head').set({ hash, seal }).where('id', '=', END_ID),
);

/**
 * Appends inside the transaction of the caller. On PostgreSQL the end stays locked until that transaction is over:
 * call it last, so that nobody who holds it waits for another lock.
 */
export const appendAudit = async (
  queryable: Queryable,
  row: NewAuditRow,
  chain: ChainMaker,
): Promise<number> => {
  let end = await takeNumber(queryable);
  if (end === undefined) {
    await queryable
      .insertInto('audit_head')
      .values({ id: END_ID, seq: 0, hash: '', seal: '' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    end = await takeNumber(queryable);
    if (end === undefined) throw new Error('the audit log has no end row');
  }
  const { seq } = end;
  const hash = chain.link(end.hash, { ...row, seq });
  await insertEntry(queryable, { ...row, seq, hash });
  await moveEnd(queryable, { hash, seal: chain.seal({ seq, hash }) });
  return seq;
};

export const findAuditEnd = async (queryable: Queryable): Promise<AuditEnd | undefined> =>
  queryable
    .selectFrom('audit_head')
    .select(['seq', 'hash', 'seal'])
    .where('id', '=', END_ID)
    .executeTakeFirst();

export type AuditQuery = {
  readonly afterSeq: number;
  readonly limit: number;
  readonly nodeUuid?: string | undefined;
  readonly event?: string | undefined;
};

/** Oldest first. */
export const listAudit = async (
  queryable: Queryable,
  query: AuditQuery,
): Promise<readonly AuditRow[]> => {
  let select = queryable.selectFrom('audit').selectAll().where('seq', '>', query.afterSeq);
  if (query.nodeUuid !== undefined) select = select.where('node_uuid', '=', query.nodeUuid);
  if (query.event !== undefined) select = select.where('event', '=', query.event);
  const rows = await select.orderBy('seq').limit(query.limit).execute();
  return rows.map(auditRowOf);
};

/** Rows per query: enough to make the query cheap, few enough that a long log is never in memory. */
const PAGE_ROWS = 1_000;

/** The whole log by rising number, page by page. */
export async function* readAudit(
  queryable: Queryable,
  query: Omit<AuditQuery, 'limit' | 'afterSeq'> = {},
): AsyncGenerator<AuditRow> {
  let afterSeq = 0;
  for (;;) {
    const page = await listAudit(queryable, { ...query, afterSeq, limit: PAGE_ROWS });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS) return;
    afterSeq = last.seq;
  }
}

const auditRowOf = (row: Selectable<AuditTable>): AuditRow => ({
  seq: row.seq,
  atMs: row.at_ms,
  event: row.event,
  severity: row.severity,
  nodeUuid: row.node_uuid,
  sessionId: row.session_id,
  bootNumber: row.boot_no,
  source: row.source,
  agentVersion: row.agent_version,
  requestId: row.request_id,
  outcome: row.outcome,
  detail: row.detail,
  hash: row.hash,
});

export const auditDetail = (row: AuditRow): JsonObject => JSON.parse(row.detail) as JsonObject;
