// The service takes a BMC over without being asked to for this one: a machine was found, or enrolled with a login of a person.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { findBmcCredential } from '#store/bmc-credentials';
import { findOpenRotation } from '#store/bmc-rotations';
import type { PlannedStep } from '#store/workflows';
import { openDriverInfo } from '#trust/driver-secrets';

import type { ConductorParts } from '../conductor-parts.ts';
import { callerOf } from '../workflow/asked-by.ts';
import { DONE, type Job, planned, type Step, type StepDone } from '../workflow/step.ts';
import type { NextWorkflow } from '../workflow/workflow-kind.ts';
import { doorsOf, requireRotationParts, rotationPartsOf } from './credential-parts.ts';
import { beginRotation, type RotationRequest } from './rotation/begin-rotation.ts';
import { loginInDriverInfo } from './rotation/given-login.ts';
import { ROTATE, ROTATE_STEP, ROTATION_KEY } from './rotation/rotate-step.ts';
import type { RotationParts } from './rotation/rotation-run.ts';

/** The rest of the step that decides it: the row of the rotation, and what does it. An open one is gone on with. */
export const beginTakeOver = async (
  job: Job,
  parts: RotationParts,
  request: Pick<RotationRequest, 'trigger' | 'path'>,
  following: readonly PlannedStep[] = [],
): Promise<StepDone> => {
  const open = await findOpenRotation(parts.store.db, job.node.uuid);
  const id = open?.id ?? `${job.workflow.id}-${job.workflow.cursor}`;
  const caller = callerOf(job.workflow);
  return {
    kind: 'done',
    detail: { taken_over: true },
    steps: [planned(ROTATE_STEP, 'management', { [ROTATION_KEY]: id }), ...following],
    also: async (transaction) => {
      if (open !== undefined) return;
      await beginRotation(transaction, parts, job.node, job.fence, {
        ...request,
        id,
        requester: { user: caller?.user ?? null, project: caller?.project ?? null },
      });
    },
  };
};

/** Undefined: it may be taken over. */
const obstacleOf = async ({ store }: RotationParts, node: NodeRecord) => {
  const record = await findBmcCredential(store.db, node.uuid);
  if (record === undefined) return undefined;
  if (record.frozen !== null) return 'frozen';
  return record.activeSlot === null ? undefined : 'kept already';
};

/** What a person gave works, and nothing at the BMC is kept by the service yet. */
const takeOverGiven: Step = {
  name: 'take_over_given_account',
  isIdempotent: true,
  run: async (job) => {
    const parts = requireRotationParts(job.parts);
    const obstacle = await obstacleOf(parts, job.node);
    if (obstacle !== undefined) return { ...DONE, detail: { taken_over: false, obstacle } };
    const health = await parts.secrets.health();
    if (health.state !== 'ready') {
      throw new Failure(
        health.failure.code,
        `The BMC was not taken over, and works with the login that was given: ${health.failure.message}`,
      );
    }
    return beginTakeOver(job, parts, { trigger: 'adopt' });
  },
};

export const TAKE_OVER_STEPS: readonly Step[] = [takeOverGiven];

/**
 * Work of its own behind that of `manage`: however it ends, the node is manageable. Undefined where the operator does not
 * want it, or nobody gave a login that could be taken over.
 */
export const takeOverAfterManage = (
  node: NodeRecord,
  parts: ConductorParts,
): NextWorkflow | undefined => {
  if (rotationPartsOf(parts)?.options.isRotatedOnManage !== true) return undefined;
  const doors = doorsOf(parts.drivers.driverOf(node), node);
  const given = loginInDriverInfo(openDriverInfo(parts.keys, node), doors);
  if (given === undefined) return undefined;
  return { kind: ROTATE.name, plan: [planned(takeOverGiven.name, 'management')] };
};
