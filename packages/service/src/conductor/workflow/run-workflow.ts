// Runs one node's workflow for as long as it has something to do: until it waits or ends. The caller holds the
// lease; whatever is committed carries its fence.
//
// What a fresh look at a workflow may find, and what is done:
//   runnable, step never begun      run it
//   runnable, step begun before     the process died inside it: run it again if it is idempotent, else reconcile
//   waiting                         look; a passed deadline fails the step
//   a stored failure                the process died while bringing the machine to rest: go on with that

import { Failure, storedFailure, type StoredFailure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { releaseLease } from '#store/leases';
import type { NodeChanges } from '#store/nodes';
import { isStoreUnavailable } from '#store/errors';
import { wasStepStarted } from '#store/journals';
import type { PlannedStep, Wait, WorkflowRecord } from '#store/workflows';

import { abortedAfter, isAbortDue } from './abort.ts';
import { finishWorkflow } from './finish-workflow.ts';
import { LeaseLost } from './lease-lost.ts';
import { shownStep } from './shown-step.ts';
import { stateChange } from './state-change.ts';
import type { Job, Step, StepDone, StepResult, StepWait } from './step.ts';
import { type CommitTo, commitWorkflow, journalLine } from './workflow-commit.ts';
import type { WorkflowKind } from './workflow-kind.ts';

export type Catalog = {
  readonly kinds: ReadonlyMap<string, WorkflowKind>;
  readonly steps: ReadonlyMap<string, Step>;
};

export type RunState = CommitTo & {
  readonly catalog: Catalog;
  readonly kind: WorkflowKind;
  /** The process is about to end: stop between two steps. */
  readonly isStopping: () => boolean;
  /** Shortly after the start of this process. */
  readonly isInGrace: () => boolean;
  node: NodeRecord;
  workflow: WorkflowRecord;
};

export type RunEnd =
  | { readonly kind: 'waiting'; readonly dueMs: number | null }
  | { readonly kind: 'ended' }
  /** Taken up after a crash, and the peer is not there yet: a host that restarted may be up before its network. */
  | { readonly kind: 'retry' }
  /** Between two steps, because the process is about to end. */
  | { readonly kind: 'stopped' }
  /** Another workflow was begun in the same breath; run it under the same lease. */
  | { readonly kind: 'next' };

export const stepOf = (catalog: Catalog, item: PlannedStep): Step => {
  // Steps that an agent offers have any name; who runs them is said beside it.
  const { runner } = item.args;
  const step = catalog.steps.get(typeof runner === 'string' ? runner : item.name);
  if (step === undefined) throw new Error(`no step is called ${item.name}`);
  return step;
};

const jobOf = (run: RunState, item: PlannedStep): Job => ({
  node: run.node,
  workflow: run.workflow,
  planned: item,
  driver: run.parts.drivers.driverOf(run.node),
  parts: run.parts,
  fence: run.fence,
  log: run.parts.log.child({ node: run.node.uuid, workflow: run.workflow.id, step: item.name }),
});

const apply = (run: RunState, workflow: Partial<WorkflowRecord>, node: NodeChanges = {}): void => {
  run.workflow = { ...run.workflow, ...workflow };
  run.node = { ...run.node, ...node };
};

export const runWorkflow = async (run: RunState, isFresh: boolean): Promise<RunEnd> => {
  if (run.workflow.failure !== null) return endFailed(run, run.workflow.failure);
  if (run.workflow.isAbortRequested) return endAborted(run);
  // A hold that was ended comes with its lease, and is looked at like any other wait.
  let attempt = isFresh && run.workflow.state !== 'waiting' ? begin : resume;
  for (;;) {
    const item = run.workflow.plan[run.workflow.cursor];
    if (item === undefined) return finishWorkflow(run, { outcome: 'succeeded' });
    let result: StepResult;
    try {
      result = await attempt(run, item);
    } catch (error) {
      if (error instanceof LeaseLost || isStoreUnavailable(error)) throw error;
      const isResuming = attempt === resume && run.workflow.state !== 'waiting';
      if (isResuming && run.isInGrace() && error instanceof Failure && error.isRetryable) {
        run.parts.log.info({ node: run.node.uuid, step: item.name, code: error.code }, 'not yet');
        return { kind: 'retry' };
      }
      const again = run.kind.recover?.(jobOf(run, item), error);
      if (again === undefined) return fail(run, item, error);
      result = again;
    }
    try {
      if (result.kind === 'wait') return await enterWait(run, item, result);
      await endStep(run, item, result);
    } catch (error) {
      // A store that is full or away keeps the step where it is; a write that can never succeed fails it.
      if (error instanceof LeaseLost || isStoreUnavailable(error)) throw error;
      return fail(run, item, error);
    }
    if (isAbortDue(run)) return fail(run, item, abortedAfter(run, item));
    if (run.isStopping()) return { kind: 'stopped' };
    attempt = goOn;
  }
};

type Attempt = (run: RunState, item: PlannedStep) => Promise<StepResult>;

/** The line that says "started" was committed with the end of the step before. */
const goOn: Attempt = (run, item) => stepOf(run.catalog, item).run(jobOf(run, item));

const begin: Attempt = async (run, item) => {
  const node = shownStep(run.kind, item);
  await commitWorkflow(run, {
    workflow: { state: 'runnable' },
    node,
    lines: [journalLine(run, item, run.workflow.cursor, 'started')],
  });
  apply(run, { state: 'runnable' }, node);
  return goOn(run, item);
};

const resume: Attempt = async (run, item) => {
  const step = stepOf(run.catalog, item);
  if (run.workflow.state === 'waiting') return look(run, item, step);
  const wasStarted = await wasStepStarted(run.parts.store.db, run.workflow.id, run.workflow.cursor);
  if (!wasStarted) return begin(run, item);
  run.parts.log.info({ node: run.node.uuid, step: item.name }, 'a step is taken up again');
  return step.isIdempotent ? step.run(jobOf(run, item)) : step.reconcile(jobOf(run, item));
};

/** Whoever ends a hold may have to look at the machine first, with the node in maintenance. */
const isHeld = ({ node }: RunState): boolean => node.provisionState.endsWith(' hold');

const look = async (run: RunState, item: PlannedStep, step: Step): Promise<StepResult> => {
  if (run.node.maintenance && !isHeld(run)) {
    throw new Failure(
      'node.maintenance',
      'The node was put into maintenance while it was worked on.',
    );
  }
  const { deadlineMs, wait } = run.workflow;
  const isDeadlinePassed = deadlineMs !== null && run.parts.clock.wallMs() >= deadlineMs;
  const again = step.look ?? ((job: Job) => step.run(job));
  const result = await again(jobOf(run, item), { isDeadlinePassed });
  if (result.kind === 'wait' && isDeadlinePassed && wait !== null) throw timeout(wait);
  return result;
};

const timeout = (wait: Wait): Failure =>
  new Failure(wait.timeoutCode, `Waited in vain for ${wait.what}, on ${wait.on}. ${wait.remedy}`, {
    details: { remedy: wait.remedy },
  });

const endStep = async (run: RunState, item: PlannedStep, done: StepDone): Promise<void> => {
  const { workflow } = run;
  const index = workflow.cursor;
  const plan =
    done.steps === undefined
      ? workflow.plan
      : [...workflow.plan.slice(0, index + 1), ...done.steps, ...workflow.plan.slice(index + 1)];
  const next = plan[index + 1];
  const changes = {
    cursor: index + 1,
    state: 'runnable' as const,
    wait: null,
    deadlineMs: null,
    wakeMs: null,
    ...(done.steps === undefined ? {} : { plan }),
    ...(done.context === undefined ? {} : { context: { ...workflow.context, ...done.context } }),
  };
  const resumed = resumedState(run);
  const node = { ...resumed, ...done.node, ...shownStep(run.kind, next) };
  const lines = [journalLine(run, item, index, 'ended', done.detail)];
  if (next !== undefined) lines.push(journalLine(run, next, index + 1, 'started'));
  await commitWorkflow(run, { workflow: changes, node, lines, also: done.also });
  apply(run, changes, node);
};

/** A node that rested in a wait state while its step waited goes back to the state of work. */
const resumedState = (run: RunState): NodeChanges => {
  if (run.workflow.state !== 'waiting') return {};
  const override = run.kind.targetOverride?.(run.workflow);
  return stateChange(run.node, 'resume', run.parts.clock.wallMs(), override) ?? {};
};

const enterWait = async (run: RunState, item: PlannedStep, wait: StepWait): Promise<RunEnd> => {
  const { workflow } = run;
  const nowMs = run.parts.clock.wallMs();
  const isNew = workflow.state !== 'waiting';
  const deadlineMs = wait.timeoutMs === undefined ? workflow.deadlineMs : nowMs + wait.timeoutMs;
  const wakeMs = wait.lookAfterMs === undefined ? null : nowMs + wait.lookAfterMs;
  const described: Wait = {
    what: wait.what,
    on: wait.on,
    remedy: wait.remedy,
    sinceMs: isNew || workflow.wait === null ? nowMs : workflow.wait.sinceMs,
    timeoutCode: wait.timeoutCode ?? 'agent.not-called',
    ...(run.kind.givesWay === true ? { givesWay: true } : {}),
  };
  const changes = {
    state: 'waiting' as const,
    wait: described,
    deadlineMs,
    wakeMs,
    ...(wait.context === undefined ? {} : { context: { ...workflow.context, ...wait.context } }),
  };
  const override = run.kind.targetOverride?.(workflow);
  const node = {
    ...(isNew ? (stateChange(run.node, wait.event ?? 'wait', nowMs, override) ?? {}) : {}),
    ...wait.node,
    reservation: null,
  };
  const lines = isNew
    ? [journalLine(run, item, workflow.cursor, 'waiting', { for: wait.what, on: wait.on })]
    : [];
  if (wait.progress !== undefined) {
    lines.push(journalLine(run, item, workflow.cursor, 'progress', wait.progress));
  }
  await commitWorkflow(run, {
    workflow: changes,
    node,
    lines,
    // With the wait itself: a waiting node is nobody's, and never looks free while it is not.
    also: async (transaction) => {
      await releaseLease(transaction, run.node.uuid, run.fence);
    },
  });
  apply(run, changes, node);
  const times = [wakeMs, deadlineMs].filter((each) => each !== null);
  return { kind: 'waiting', dueMs: times.length === 0 ? null : Math.min(...times) };
};

const fail = async (run: RunState, item: PlannedStep, error: unknown): Promise<RunEnd> => {
  const failure: StoredFailure =
    error instanceof Refusal
      ? { code: 'node.invalid', text: error.message, details: {} }
      : storedFailure(error);
  if (failure.code === 'internal') {
    run.parts.log.error(
      { err: error, node: run.node.uuid, step: item.name },
      'a step met a defect',
    );
  }
  const changes = {
    failure,
    state: 'runnable' as const,
    wait: null,
    deadlineMs: null,
    wakeMs: null,
  };
  await commitWorkflow(run, {
    workflow: changes,
    lines: [
      journalLine(run, item, run.workflow.cursor, 'failed', {
        code: failure.code,
        text: failure.text,
      }),
    ],
  });
  apply(run, changes);
  return endFailed(run, failure);
};

/** What could not be done, in words for `last_error`. */
const bringToRest = async (run: RunState): Promise<readonly string[]> => {
  const item = run.workflow.plan[run.workflow.cursor] ?? run.workflow.plan.at(-1);
  if (item === undefined || run.kind.bringToRest === undefined) return [];
  try {
    return await run.kind.bringToRest(jobOf(run, item));
  } catch (error) {
    run.parts.log.warn(
      { err: error, node: run.node.uuid },
      'the machine could not be brought to rest',
    );
    return ['The machine could not be brought to rest.'];
  }
};

const endFailed = async (run: RunState, failure: StoredFailure): Promise<RunEnd> => {
  const remains = await bringToRest(run);
  const text = [failure.text, ...remains].join(' ');
  return finishWorkflow(run, { outcome: 'failed', failure: { ...failure, text } });
};

const endAborted = async (run: RunState): Promise<RunEnd> => {
  const remains = await bringToRest(run);
  return finishWorkflow(run, { outcome: 'aborted', remains });
};
