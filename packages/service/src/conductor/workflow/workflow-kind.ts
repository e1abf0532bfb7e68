// What the kinds of workflow have in common: which events they fire when they wait, end or fail.

import type { StoredFailure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionEvent, ProvisionState } from '@bessemer/protocol/node/states';

import type { Queryable } from '#store/database';
import type { NodeChanges } from '#store/nodes';
import type { PlannedStep, WorkflowRecord } from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';
import type { Job, StepDone } from './step.ts';

/** A workflow that follows at once, under the same lease. */
export type NextWorkflow = {
  readonly kind: string;
  readonly plan: readonly PlannedStep[];
  /** What its steps and its kind have to know from the start. Never a secret. */
  readonly context?: JsonObject;
};

export type WorkflowKind = {
  readonly name: string;
  /** Where the node shows the step that is run; undefined: nowhere. */
  readonly stepField?: 'cleanStep' | 'deployStep' | 'serviceStep';
  /** What history calls it. */
  readonly eventType: string;
  /** While it waits, whatever is asked of the node ends it; what it did goes on by itself later. */
  readonly givesWay?: true;
  /** Undefined: the workflow does not touch the provision state (power actions). */
  readonly doneEvent?: (workflow: WorkflowRecord, node: NodeRecord) => ProvisionEvent;
  readonly failEvent?: ProvisionEvent;
  /** Manual cleaning keeps its own target through all its states. */
  readonly targetOverride?: (workflow: WorkflowRecord) => ProvisionState | undefined;
  /** Changes of the node that come with a good end. */
  readonly onDone?: (node: NodeRecord, workflow: WorkflowRecord, nowMs: number) => NodeChanges;
  readonly onFailed?: (
    node: NodeRecord,
    workflow: WorkflowRecord,
    failure: StoredFailure,
  ) => NodeChanges;
  /** Changes of the node that come with any end, the good one too. */
  readonly onEnded?: (node: NodeRecord) => NodeChanges;
  /** The machine could not be brought to rest after an abort. */
  readonly onAbortFailed?: (text: string) => NodeChanges;
  /** What is done instead of failing; undefined: it fails. */
  readonly recover?: (job: Job, error: unknown) => StepDone | undefined;
  /** Best effort, outside any transaction: bring the machine to rest. May be run more than once. What could not be
   * done comes back as sentences. */
  readonly bringToRest?: (job: Job) => Promise<readonly string[]>;
  /** Last in the transaction that ends the workflow, however it ended. */
  readonly onEnd?: (queryable: Queryable, parts: ConductorParts, node: NodeRecord) => Promise<void>;
  readonly next?: (node: NodeRecord, parts: ConductorParts) => NextWorkflow | undefined;
};
