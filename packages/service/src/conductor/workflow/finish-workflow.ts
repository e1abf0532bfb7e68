// The end of a workflow, in one transaction: its row, the node's state, history, what its kind wants gone, and
// either the lease or the workflow that follows.

import type { StoredFailure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';

import { addHistory } from '#store/history';
import { releaseLease } from '#store/leases';
import type { NodeChanges } from '#store/nodes';
import type { WorkflowOutcome } from '#store/workflows';

import { callerOf, withCaller } from './asked-by.ts';
import { beginWorkflow } from './begin-workflow.ts';
import type { RunEnd, RunState } from './run-workflow.ts';
import { shownStep } from './shown-step.ts';
import { stateChange } from './state-change.ts';
import { commitWorkflow, journalLine } from './workflow-commit.ts';
import type { NextWorkflow } from './workflow-kind.ts';

type Ending =
  | { readonly outcome: 'succeeded' }
  /** `remains`: what could not be brought to rest. */
  | { readonly outcome: 'aborted'; readonly remains: readonly string[] }
  | { readonly outcome: 'failed'; readonly failure: StoredFailure };

const endingChanges = (run: RunState, ending: Ending, nowMs: number): NodeChanges => {
  const { kind, node, workflow } = run;
  if (ending.outcome === 'succeeded') {
    const event = kind.doneEvent?.(workflow, node);
    const state = event === undefined ? {} : (stateChange(node, event, nowMs) ?? {});
    return { ...state, lastError: null, ...kind.onDone?.(node, workflow, nowMs) };
  }
  if (ending.outcome === 'aborted') return abortChanges(run, ending.remains);
  const state =
    kind.failEvent === undefined
      ? {}
      : (stateChange(node, kind.failEvent, nowMs, kind.targetOverride?.(workflow)) ?? {});
  return {
    ...state,
    lastError: ending.failure.text,
    // What ends because somebody wanted it to is no fault.
    ...(ending.failure.code === 'node.aborted'
      ? {}
      : kind.onFailed?.(node, workflow, ending.failure)),
  };
};

/** An abort was answered when it was asked: the node is in its failed state already. */
const abortChanges = (run: RunState, remains: readonly string[]): NodeChanges => {
  if (remains.length === 0) return {};
  const lastError = [run.node.lastError ?? '', ...remains].join(' ').trim();
  return { lastError, ...run.kind.onAbortFailed?.(lastError) };
};

/** A follower starts from the state that this workflow's event left. */
const followUp = (run: RunState, ending: Ending): NextWorkflow | undefined =>
  ending.outcome === 'succeeded' ? run.kind.next?.(run.node, run.parts) : undefined;

const historyText = (run: RunState, outcome: WorkflowOutcome, to: ProvisionState): string =>
  outcome === 'succeeded'
    ? `${run.kind.name} succeeded; the node is ${to}`
    : `${run.kind.name} was aborted; the node is ${to}`;

export const finishWorkflow = async (run: RunState, ending: Ending): Promise<RunEnd> => {
  const { parts, workflow } = run;
  const nowMs = parts.clock.wallMs();
  const next = followUp(run, ending);
  const caller = callerOf(workflow);
  const changes: NodeChanges = {
    ...endingChanges(run, ending, nowMs),
    ...shownStep(run.kind, undefined),
    ...run.kind.onEnded?.(run.node),
    ...(next === undefined ? { reservation: null } : {}),
  };
  const node: NodeRecord = { ...run.node, ...changes };
  const last = workflow.plan.at(-1) ?? { name: run.kind.name, interface: 'conductor' };
  const event = ending.outcome === 'succeeded' ? 'ended' : 'aborted';
  const lines =
    ending.outcome === 'failed'
      ? []
      : [
          journalLine(
            run,
            { name: run.kind.name, interface: 'workflow' },
            workflow.plan.length,
            event,
            { state: node.provisionState },
          ),
        ];
  if (ending.outcome === 'failed') {
    lines.push(
      journalLine(run, { name: last.name, interface: 'workflow' }, workflow.plan.length, 'ended', {
        outcome: 'failed',
        code: ending.failure.code,
        state: node.provisionState,
      }),
    );
  }
  await commitWorkflow(run, {
    workflow: {
      state: 'ended',
      outcome: ending.outcome,
      endedMs: nowMs,
      wait: null,
      deadlineMs: null,
      wakeMs: null,
    },
    node: changes,
    lines,
    also: async (transaction) => {
      await addHistory(
        transaction,
        node.uuid,
        {
          conductor: parts.options.hostname,
          severity: ending.outcome === 'failed' ? 'ERROR' : 'INFO',
          event:
            ending.outcome === 'failed'
              ? ending.failure.text
              : historyText(run, ending.outcome, node.provisionState),
          eventType: run.kind.eventType,
          state: node.provisionState,
          targetProvisionState: node.targetProvisionState,
          durationMs: nowMs - workflow.startedMs,
          ...caller,
        },
        nowMs,
      );
      if (next === undefined) await releaseLease(transaction, node.uuid, run.fence);
      else await beginWorkflow(transaction, node.uuid, withCaller(next, caller), nowMs);
      await run.kind.onEnd?.(transaction, parts, node);
    },
  });
  return { kind: next === undefined ? 'ended' : 'next' };
};
