// How things happen: a workflow is a plan of steps, and a step is an object. It reads the world before it acts,
// so that it can be begun again. What a step does to the store it returns, and the engine commits it together
// with the journal line and the cursor, under the lease's fence.
//
// A step ends, or it waits. Waiting holds no task, timer or connection: it is a row with a deadline. `look` is
// called when a heartbeat came, when the row's own time to look came, or when the deadline passed.

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import type { Log } from '#observe/log';
import type { Queryable } from '#store/database';
import type { NodeChanges } from '#store/nodes';
import type { PlannedStep, WorkflowRecord } from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';

export type StepDone = {
  readonly kind: 'done';
  /** Merged into the workflow's context for later steps. Never a secret. */
  readonly context?: JsonObject;
  readonly node?: NodeChanges;
  /** For the journal. */
  readonly detail?: JsonObject;
  /** Put into the plan behind this step. */
  readonly steps?: readonly PlannedStep[];
  /** Further rows, written in the same transaction. */
  readonly also?: (queryable: Queryable) => Promise<void>;
};

export type StepWait = {
  readonly kind: 'wait';
  /** `hold`: the node rests in its hold state, until a person ends that. */
  readonly event?: 'wait' | 'hold';
  readonly what: string;
  readonly on: string;
  readonly remedy: string;
  /** What the failure is called when the deadline passes; the agent's silence when undefined. */
  readonly timeoutCode?: FailureCode;
  /** From now; undefined keeps the deadline of a wait that goes on. */
  readonly timeoutMs?: number;
  /** Look again after so long even if nothing calls. */
  readonly lookAfterMs?: number;
  readonly context?: JsonObject;
  readonly node?: NodeChanges;
  /** For the journal: set when there is something new to tell. */
  readonly progress?: JsonObject;
};

export type StepResult = StepDone | StepWait;

export type Job = {
  readonly node: NodeRecord;
  readonly workflow: WorkflowRecord;
  readonly planned: PlannedStep;
  readonly driver: NodeDriver;
  readonly parts: ConductorParts;
  readonly fence: number;
  readonly log: Log;
};

type Runs = {
  readonly name: string;
  readonly run: (job: Job) => Promise<StepResult>;
  readonly look?: (job: Job, wake: { readonly isDeadlinePassed: boolean }) => Promise<StepResult>;
};

/** A step that was begun when its process died is run again, or it says itself what to make of it. */
export type Step = Runs &
  (
    | { readonly isIdempotent: true }
    | {
        readonly isIdempotent: false;
        readonly reconcile: (job: Job) => Promise<StepResult>;
      }
  );

export const planned = (
  name: string,
  kind = 'conductor',
  args: JsonObject = {},
  priority = 0,
): PlannedStep => ({ name, interface: kind, priority, args });

export const DONE: StepDone = { kind: 'done' };
