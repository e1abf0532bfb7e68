// A rotation as a step: by itself, and in a cleaning. What is done is said by the row of the rotation; the step goes on
// with it for as long as there is something to do, and waits where the world has to move first.

import { Failure } from '@bessemer/protocol/errors/failure';

import { changeBmcCredential, findBmcCredential } from '#store/bmc-credentials';
import { findRotation, findOpenRotation, type RotationRecord } from '#store/bmc-rotations';
import { addHistory } from '#store/history';
import { findNode } from '#store/nodes';

import { callerOf } from '../../workflow/asked-by.ts';
import type { Job, Step, StepDone, StepWait } from '../../workflow/step.ts';
import type { WorkflowKind } from '../../workflow/workflow-kind.ts';
import { auditAccounts } from '../audit-accounts.ts';
import { beginRotation } from './begin-rotation.ts';
import { doorsOf, requireRotationParts } from '../credential-parts.ts';
import { pauseLeft } from './pause-time.ts';
import type { RotationParts, RotationWait } from './rotation-run.ts';
import { openRun, runRotation } from './run-rotation.ts';

export const ROTATE: WorkflowKind = {
  name: 'rotate-bmc-credentials',
  eventType: 'bmc',
  // The row of the rotation says how to go on, and the login that is proved works meanwhile.
  givesWay: true,
};

export const ROTATE_STEP = 'rotate_bmc_credentials';
/** In the plan: the rotation that was begun with the request. */
export const ROTATION_KEY = 'rotation';

/** Of a step that begins its rotation by itself: always the same for the same step. */
const rotationIdOf = ({ planned, workflow }: Job): string => {
  const asked = planned.args[ROTATION_KEY];
  return typeof asked === 'string' ? asked : `${workflow.id}-${workflow.cursor}`;
};

const waitStep = ({ what, on, remedy, lookAfterMs, code }: RotationWait): StepWait => ({
  kind: 'wait',
  what,
  on,
  remedy,
  timeoutCode: code,
  lookAfterMs,
});

/** Undefined when nothing is open any more. */
const goOn = async (job: Job, parts: RotationParts): Promise<RotationWait | undefined> => {
  const { openInBand } = job.parts.bmcCredentials ?? {};
  const run = await openRun(parts, {
    node: job.node,
    doors: doorsOf(job.driver, job.node),
    inBand: openInBand?.(job),
    fence: job.fence,
  });
  if (run === undefined) return undefined;
  // Whatever woke it: the wait is as long as it is.
  const left = pauseLeft(run.rotation, parts.clock.wallMs());
  if (left !== undefined) return left;
  if (run.rotation.fence !== job.fence) await noteResumed(job, parts, run.rotation);
  const end = await runRotation(run);
  return end.kind === 'wait' ? end.wait : undefined;
};

const noteResumed = (job: Job, parts: RotationParts, rotation: RotationRecord): Promise<void> => {
  const detail = { rotation: rotation.id, phase: rotation.phase };
  return parts.store.transaction((transaction) =>
    parts.note(transaction, job.node, { name: 'bmc.rotation.resumed', detail }),
  );
};

/** Undefined: it is held. */
const begin = (job: Job, parts: RotationParts, id: string): Promise<RotationRecord | undefined> => {
  const caller = callerOf(job.workflow);
  return parts.store.transaction(async (transaction) => {
    const { frozen } = (await findBmcCredential(transaction, job.node.uuid)) ?? {};
    if (frozen != null) return undefined;
    return beginRotation(transaction, parts, job.node, job.fence, {
      id,
      trigger: 'clean',
      requester: { user: caller?.user ?? null, project: caller?.project ?? null },
    });
  });
};

type NewHistory = Parameters<typeof addHistory>[2];

const historyLine = (
  { parts: { options } }: Job,
  event: string,
  more: Partial<NewHistory> = {},
): NewHistory => ({
  conductor: options.hostname,
  severity: 'INFO',
  event,
  eventType: ROTATE.eventType,
  ...more,
});

/** Who is there is looked at all the same. The rotation is due from now on: it comes when nobody holds it any more. */
const owe = async (job: Job, parts: RotationParts): Promise<StepDone> => {
  const { uuid } = job.node;
  if (!(await auditAccounts(job, parts))) {
    throw new Failure(
      'steps.invalid',
      'The credentials of the BMC are frozen, and none is kept yet. Thaw them, then clean again.',
    );
  }
  const nowMs = parts.clock.wallMs();
  const told = historyLine(
    job,
    'The accounts of the BMC were audited. Its credentials are frozen, and are rotated when that ends.',
  );
  return {
    kind: 'done',
    detail: { owed: true },
    also: async (queryable) => {
      await changeBmcCredential(queryable, uuid, ({ nextDueMs }) => ({
        nextDueMs: Math.min(nowMs, nextDueMs ?? nowMs),
      }));
      await parts.note(queryable, job.node, { name: 'bmc.rotation.owed' });
      await addHistory(queryable, uuid, told, nowMs);
    },
  };
};

/** Later steps find the login that is in use now. */
const done = async (job: Job, rotation: RotationRecord): Promise<StepDone> => {
  const { store, clock } = job.parts;
  const nowMs = clock.wallMs();
  const node = await findNode(store.db, job.node.uuid);
  const told = historyLine(
    job,
    `The credentials of the BMC were rotated. Rotation: ${rotation.id}.`,
    { durationMs: nowMs - rotation.startedMs, ...rotation.requester },
  );
  return {
    kind: 'done',
    detail: { rotation: rotation.id },
    ...(node === undefined
      ? {}
      : { node: { driverInfo: node.driverInfo, driverSecrets: node.driverSecrets } }),
    also: (queryable) => addHistory(queryable, job.node.uuid, told, nowMs),
  };
};

const run = async (job: Job): Promise<StepDone | StepWait> => {
  const parts = requireRotationParts(job.parts);
  const id = rotationIdOf(job);
  // One that an earlier workflow left open comes first.
  while ((await findOpenRotation(parts.store.db, job.node.uuid)) !== undefined) {
    const wait = await goOn(job, parts);
    if (wait !== undefined) return waitStep(wait);
  }
  const rotation = await findRotation(parts.store.db, id);
  if (rotation === undefined) {
    return (await begin(job, parts, id)) === undefined ? owe(job, parts) : run(job);
  }
  if (rotation.error !== null) {
    const { code, text, details } = rotation.error;
    throw new Failure(code, text, { details });
  }
  const isAfterTenant = rotation.trigger === 'clean';
  if (isAfterTenant) await auditAccounts(job, parts);
  return done(job, rotation);
};

export const rotateCredentials: Step = { name: ROTATE_STEP, isIdempotent: true, run };
