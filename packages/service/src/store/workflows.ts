// Workflows: what is being done to a node, how far it came, and what it waits for. At most one open one a node.

import type { Selectable } from 'kysely';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import type { StoredFailure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import type { WorkflowTable } from './schema.ts';

/** One step of a plan, as stored: found again by name in the code, with its own arguments. */
export type PlannedStep = {
  readonly name: string;
  readonly interface: string;
  readonly priority: number;
  readonly args: JsonObject;
};

/** What a workflow waits for, in words for a person. */
export type Wait = {
  readonly what: string;
  /** Who has to act: the agent, the BMC, ... with its address where known. */
  readonly on: string;
  readonly remedy: string;
  readonly sinceMs: number;
  /** What the failure is called when the deadline passes. */
  readonly timeoutCode: FailureCode;
  /** Whatever is asked of the node ends the workflow. */
  readonly givesWay?: true;
};

export type WorkflowState = 'runnable' | 'waiting' | 'ended';
export type WorkflowOutcome = 'succeeded' | 'failed' | 'aborted';

export type WorkflowRecord = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly kind: string;
  readonly plan: readonly PlannedStep[];
  readonly cursor: number;
  readonly state: WorkflowState;
  readonly context: JsonObject;
  readonly wait: Wait | null;
  readonly deadlineMs: number | null;
  readonly wakeMs: number | null;
  readonly isWoken: boolean;
  readonly isAbortRequested: boolean;
  readonly outcome: WorkflowOutcome | null;
  readonly failure: StoredFailure | null;
  readonly startedMs: number;
  readonly endedMs: number | null;
};

export type WorkflowChanges = Partial<
  Omit<WorkflowRecord, 'id' | 'nodeUuid' | 'kind' | 'startedMs'>
>;

const recordOf = (row: Selectable<WorkflowTable>): WorkflowRecord => ({
  id: row.id,
  nodeUuid: row.node_uuid as NodeUuid,
  kind: row.kind,
  plan: JSON.parse(row.plan) as PlannedStep[],
  cursor: row.cursor,
  state: row.state as WorkflowState,
  context: JSON.parse(row.context) as JsonObject,
  wait: row.wait === null ? null : (JSON.parse(row.wait) as Wait),
  deadlineMs: row.deadline_ms,
  wakeMs: row.wake_ms,
  isWoken: row.woken === 1,
  isAbortRequested: row.abort_requested === 1,
  outcome: row.outcome as WorkflowOutcome | null,
  failure: row.failure === null ? null : (JSON.parse(row.failure) as StoredFailure),
  startedMs: row.started_ms,
  endedMs: row.ended_ms,
});

const jsonOrNull = (value: unknown): string | null =>
  value === null ? null : JSON.stringify(value);

const columnsOf = (changes: WorkflowChanges): Partial<WorkflowTable> => {
  const columns: { -readonly [K in keyof WorkflowTable]?: WorkflowTable[K] } = {};
  if (changes.plan !== undefined) columns.plan = JSON.stringify(changes.plan);
  if (changes.cursor !== undefined) columns.cursor = changes.cursor;
  if (changes.state !== undefined) columns.state = changes.state;
  if (changes.context !== undefined) columns.context = JSON.stringify(changes.context);
  if (changes.wait !== undefined) columns.wait = jsonOrNull(changes.wait);
  if (changes.deadlineMs !== undefined) columns.deadline_ms = changes.deadlineMs;
  if (changes.wakeMs !== undefined) columns.wake_ms = changes.wakeMs;
  if (changes.isWoken !== undefined) columns.woken = Number(changes.isWoken);
  if (changes.isAbortRequested !== undefined) {
    columns.abort_requested = Number(changes.isAbortRequested);
  }
  if (changes.outcome !== undefined) columns.outcome = changes.outcome;
  if (changes.failure !== undefined) columns.failure = jsonOrNull(changes.failure);
  if (changes.endedMs !== undefined) columns.ended_ms = changes.endedMs;
  return columns;
};

export type NewWorkflow = Pick<
  WorkflowRecord,
  'id' | 'nodeUuid' | 'kind' | 'plan' | 'startedMs'
> & {
  readonly context?: JsonObject;
};

/** Throws when the node has an open workflow: the store's unique index is the last word. */
export const insertWorkflow = async (
  queryable: Queryable,
  workflow: NewWorkflow,
): Promise<void> => {
  await queryable
    .insertInto('workflow')
    .values({
      id: workflow.id,
      node_uuid: workflow.nodeUuid,
      kind: workflow.kind,
      plan: JSON.stringify(workflow.plan),
      cursor: 0,
      state: 'runnable',
      context: JSON.stringify(workflow.context ?? {}),
      woken: 0,
      abort_requested: 0,
      started_ms: workflow.startedMs,
    })
    .execute();
};

export const findOpenWorkflow = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<WorkflowRecord | undefined> => {
  const row = await queryable
    .selectFrom('workflow')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .where('ended_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

/** The open one, else the one that ended last. */
export const findLastWorkflow = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<WorkflowRecord | undefined> => {
  const open = await findOpenWorkflow(queryable, nodeUuid);
  if (open !== undefined) return open;
  const row = await queryable
    .selectFrom('workflow')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('ended_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

/** Only while the node's lease carries `fence`; false means the caller is no longer the owner. */
export const updateWorkflow = async (
  queryable: Queryable,
  workflow: Pick<WorkflowRecord, 'id' | 'nodeUuid'>,
  fence: number,
  changes: WorkflowChanges,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('workflow')
    .set(columnsOf(changes))
    .where('id', '=', workflow.id)
    .where('ended_ms', 'is', null)
    .where((where) =>
      where.exists(
        where
          .selectFrom('lease')
          .select('node_uuid')
          .where('node_uuid', '=', workflow.nodeUuid)
          .where('fence', '=', fence),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** Ends a waiting workflow that nobody holds, because a person asked for something else. */
export const endWaitingWorkflow = async (
  queryable: Queryable,
  workflow: Pick<WorkflowRecord, 'id'>,
  nowMs: number,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('workflow')
    .set({ state: 'ended', outcome: 'aborted', wait: null, ended_ms: nowMs })
    .where('id', '=', workflow.id)
    .where('ended_ms', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** Something happened that the waiting step should look at. True when the node has a waiting workflow. */
export const wakeWorkflow = async (queryable: Queryable, nodeUuid: NodeUuid): Promise<boolean> => {
  const result = await queryable
    .updateTable('workflow')
    .set({ woken: 1 })
    .where('node_uuid', '=', nodeUuid)
    .where('ended_ms', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

export type OpenWorkflow = Pick<
  WorkflowRecord,
  'nodeUuid' | 'state' | 'isWoken' | 'wakeMs' | 'deadlineMs'
>;

/** Every open workflow with the times at which it wants to be looked at. */
export const listOpenWorkflows = async (queryable: Queryable): Promise<readonly OpenWorkflow[]> => {
  const rows = await queryable
    .selectFrom('workflow')
    .select(['node_uuid', 'state', 'woken', 'wake_ms', 'deadline_ms'])
    .where('ended_ms', 'is', null)
    .execute();
  return rows.map((row) => ({
    nodeUuid: row.node_uuid as NodeUuid,
    state: row.state as WorkflowState,
    isWoken: row.woken === 1,
    wakeMs: row.wake_ms,
    deadlineMs: row.deadline_ms,
  }));
};

/** Deadlines that lie before `untilMs` are moved there: for a conductor that was away. */
export const extendDeadlines = async (queryable: Queryable, untilMs: number): Promise<void> => {
  await queryable
    .updateTable('workflow')
    .set({ deadline_ms: untilMs })
    .where('ended_ms', 'is', null)
    .where('deadline_ms', '<', untilMs)
    .execute();
};
