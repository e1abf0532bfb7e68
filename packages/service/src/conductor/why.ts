// What a node waits for: since when, until when, on whom, and what a person can do. Read from the workflow's row.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { WhyReport } from '@bessemer/protocol/node/why-report';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import { findOpenRotation, type RotationPause } from '#store/bmc-rotations';
import { isLeased } from '#store/leases';
import { findNode } from '#store/nodes';
import { findLastWorkflow, type WorkflowRecord } from '#store/workflows';

import { remedyFor } from './agent-session/agent-command.ts';
import type { ConductorParts } from './conductor-parts.ts';

const failureOf = (workflow: WorkflowRecord | undefined): WhyReport['failure'] =>
  workflow?.failure == null ? null : { code: workflow.failure.code, text: workflow.failure.text };

const storedRemedy = (workflow: WorkflowRecord | undefined): string | null => {
  const failure = workflow?.failure;
  if (failure == null) return null;
  const { remedy } = failure.details;
  return typeof remedy === 'string' ? remedy : remedyFor(failure.code);
};

/** A rotation waits whether a workflow does that for it or not. */
const findPause = async (
  { store, clock }: ConductorParts,
  uuid: NodeUuid,
): Promise<RotationPause | undefined> => {
  const pause = (await findOpenRotation(store.db, uuid))?.work.pause;
  return pause != null && pause.untilMs > clock.wallMs() ? pause : undefined;
};

const timeOf = (ms: number | null | undefined): string | null => (ms == null ? null : isoTime(ms));

export const why = async (parts: ConductorParts, uuid: NodeUuid): Promise<WhyReport> => {
  const node = await findNode(parts.store.db, uuid);
  if (node === undefined) throw new Refusal(404, `Node ${uuid} could not be found.`);
  const workflow = await findLastWorkflow(parts.store.db, uuid);
  const open = workflow?.endedMs === null ? workflow : undefined;
  const pause = open === undefined ? await findPause(parts, uuid) : undefined;
  const wait = open?.wait ?? pause ?? null;
  const step = open?.plan[open.cursor]?.name ?? null;
  const isBusy = await isLeased(parts.store.db, uuid, parts.clock.wallMs());
  const isTroubled = node.lastError !== null;
  return {
    node: node.uuid,
    name: node.name,
    provisionState: node.provisionState,
    targetProvisionState: node.targetProvisionState,
    isBusy,
    workflow: open?.kind ?? null,
    step,
    waitsFor: wait?.what ?? (open === undefined ? null : `the step ${step ?? 'to end'}`),
    since: timeOf(wait?.sinceMs ?? open?.startedMs),
    until: timeOf(pause?.untilMs ?? open?.deadlineMs),
    on: wait?.on ?? (open === undefined ? null : `conductor ${parts.options.hostname}`),
    remedy: wait?.remedy ?? (isTroubled ? storedRemedy(workflow) : null),
    failure: isTroubled ? failureOf(workflow) : null,
  };
};
