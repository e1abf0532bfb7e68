// A waiting workflow that ends because somebody asked for something else. Those that say so give way to anything; what
// they did is in rows of its own, and goes on by itself later.

import type { Queryable } from '#store/database';
import { appendJournal } from '#store/journals';
import { endWaitingWorkflow, type WorkflowRecord } from '#store/workflows';

import { type CommitTo, journalLine } from './workflow-commit.ts';

/** Whether it keeps others from the node, as its row stands: the lease says whether it is looked at this moment. */
export const isInTheWay = ({ state, wait, failure, isAbortRequested }: WorkflowRecord): boolean =>
  state !== 'waiting' || wait?.givesWay !== true || failure !== null || isAbortRequested;

/** Under the lease of whoever comes instead; `by` is what they ask for. */
export const endForOther = async (
  queryable: Queryable,
  to: Pick<CommitTo, 'parts' | 'workflow' | 'fence'>,
  by: string,
): Promise<void> => {
  const { workflow, parts } = to;
  await endWaitingWorkflow(queryable, workflow, parts.clock.wallMs());
  const step = { name: workflow.kind, interface: 'workflow' };
  await appendJournal(queryable, [journalLine(to, step, workflow.plan.length, 'aborted', { by })]);
};
