// The journal: one line before and one after each step, and notes in between. Append only; history, the live
// view, `why` and the event stream are read from it.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

export type JournalEvent =
  | 'started'
  | 'ended'
  | 'waiting'
  | 'woken'
  | 'progress'
  | 'failed'
  | 'aborted'
  | 'note';

export type NewJournalLine = {
  readonly workflowId: string;
  readonly nodeUuid: NodeUuid;
  readonly atMs: number;
  readonly fence: number;
  readonly stepIndex: number;
  readonly step: string;
  readonly interface: string;
  readonly event: JournalEvent;
  readonly detail: JsonObject;
};

export type JournalLine = NewJournalLine & { readonly seq: number; readonly kind: string };

export const appendJournal = async (
  queryable: Queryable,
  lines: readonly NewJournalLine[],
): Promise<void> => {
  if (lines.length === 0) return;
  await queryable
    .insertInto('journal')
    .values(
      lines.map((line) => ({
        workflow_id: line.workflowId,
        node_uuid: line.nodeUuid,
        at_ms: line.atMs,
        fence: line.fence,
        step_index: line.stepIndex,
        step: line.step,
        interface: line.interface,
        event: line.event,
        detail: JSON.stringify(line.detail),
      })),
    )
    .execute();
};

/** Lines of a node after `afterSeq`, oldest first, with the kind of their workflow. */
export const listJournal = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  options: { readonly afterSeq: number; readonly limit: number },
): Promise<readonly JournalLine[]> => {
  const rows = await queryable
    .selectFrom('journal')
    .innerJoin('workflow', 'workflow.id', 'journal.workflow_id')
    .selectAll('journal')
    .select('workflow.kind')
    .where('journal.node_uuid', '=', nodeUuid)
    .where('journal.seq', '>', options.afterSeq)
    .orderBy('journal.seq')
    .limit(options.limit)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    kind: row.kind,
    workflowId: row.workflow_id,
    nodeUuid: row.node_uuid as NodeUuid,
    atMs: row.at_ms,
    fence: row.fence,
    stepIndex: row.step_index,
    step: row.step,
    interface: row.interface,
    event: row.event as JournalEvent,
    detail: JSON.parse(row.detail) as JsonObject,
  }));
};

/** Whether the journal shows that this step of the workflow was begun before. */
export const wasStepStarted = async (
  queryable: Queryable,
  workflowId: string,
  stepIndex: number,
): Promise<boolean> => {
  const row = await queryable
    .selectFrom('journal')
    .select('seq')
    .where('workflow_id', '=', workflowId)
    .where('step_index', '=', stepIndex)
    .where('event', '=', 'started')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};
