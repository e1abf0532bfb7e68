// Every write that a running workflow makes goes through here: one transaction, under the lease's fence, with
// the journal lines that tell of it.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Queryable } from '#store/database';
import { appendJournal, type JournalEvent, type NewJournalLine } from '#store/journals';
import { type NodeChanges, updateNode } from '#store/nodes';
import {
  type PlannedStep,
  updateWorkflow,
  type WorkflowChanges,
  type WorkflowRecord,
} from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';
import { LeaseLost } from './lease-lost.ts';

export type Commit = {
  readonly workflow: WorkflowChanges;
  readonly node?: NodeChanges;
  readonly lines: readonly NewJournalLine[];
  readonly also?: ((queryable: Queryable) => Promise<void>) | undefined;
};

export type CommitTo = {
  readonly parts: ConductorParts;
  readonly workflow: WorkflowRecord;
  readonly fence: number;
  /** Called after each commit, for those who watch. */
  readonly onJournal: (node: NodeRecord['uuid']) => void;
  readonly nextLine: () => number;
};

export const journalLine = (
  to: Pick<CommitTo, 'parts' | 'workflow' | 'fence'>,
  step: Pick<PlannedStep, 'name' | 'interface'>,
  stepIndex: number,
  event: JournalEvent,
  detail: NewJournalLine['detail'] = {},
): NewJournalLine => ({
  workflowId: to.workflow.id,
  nodeUuid: to.workflow.nodeUuid,
  atMs: to.parts.clock.wallMs(),
  fence: to.fence,
  stepIndex,
  step: step.name,
  interface: step.interface,
  event,
  detail: bounded(detail),
});

/** Details come from agents too; the journal is no place for megabytes. */
const DETAIL_CHARS_MAX = 8_192;

const bounded = (detail: NewJournalLine['detail']): NewJournalLine['detail'] =>
  JSON.stringify(detail).length <= DETAIL_CHARS_MAX
    ? detail
    : { note: 'the details were too long to keep' };

/** Throws `LeaseLost`, having changed nothing, when the fence is no longer ours. */
export const commitWorkflow = async (to: CommitTo, commit: Commit): Promise<void> => {
  const { store, options } = to.parts;
  const { nodeUuid } = to.workflow;
  const line = commit.lines.length > 0 ? to.nextLine() : 0;
  if (line > 0) options.faultPoint?.(line, 'before');
  await store.transaction(async (transaction) => {
    const isOwner = await updateWorkflow(transaction, to.workflow, to.fence, commit.workflow);
    if (!isOwner) throw new LeaseLost(nodeUuid);
    if (commit.node !== undefined) await updateNode(transaction, nodeUuid, commit.node);
    await appendJournal(transaction, commit.lines);
    await commit.also?.(transaction);
  });
  if (line > 0) options.faultPoint?.(line, 'after');
  if (commit.lines.length > 0) to.onJournal(nodeUuid);
};
