// Rescue: a system to look after the machine from, beside its instance, and the way back to the instance.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { RescueInterface } from '#drivers/driver';

import { makeSimulatedCallback } from '../steps/simulated-step.ts';
import { type Job, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

export const RESCUE_PASSWORD_KEY = 'hashed_rescue_password';

const requireRescue = ({ driver, node }: Pick<Job, 'driver' | 'node'>): RescueInterface => {
  if (driver.rescue !== undefined) return driver.rescue;
  throw new Failure('node.invalid', `The driver ${node.driver} does not support rescue any more.`);
};

const startRescue: Step = {
  name: 'start_rescue',
  isIdempotent: true,
  run: async (job) => {
    await requireRescue(job).rescue(job.node);
    return { kind: 'done', node: { powerState: 'power on' } };
  },
};

const awaitRescue = makeSimulatedCallback('await_rescue', (job) =>
  requireRescue(job).callbackDelayMs(job.node),
);

const endRescue: Step = {
  name: 'end_rescue',
  isIdempotent: true,
  run: async (job) => {
    await requireRescue(job).unrescue(job.node);
    return { kind: 'done', node: { powerState: 'power on' } };
  },
};

export const RESCUE_STEPS: readonly Step[] = [startRescue, awaitRescue, endRescue];

export const rescuePlan = () => [
  planned('start_rescue', 'rescue'),
  planned('await_rescue', 'rescue'),
];
export const unrescuePlan = () => [planned('end_rescue', 'rescue')];

/** Nobody needs the password when the rescue system runs, or will not run. */
const withoutPassword = ({ instanceInfo }: Pick<NodeRecord, 'instanceInfo'>) => {
  const { [RESCUE_PASSWORD_KEY]: password, ...others } = instanceInfo;
  return password === undefined ? {} : { instanceInfo: others };
};

const cleanUp = async (job: Job): Promise<readonly string[]> => {
  try {
    await job.driver.boot.cleanUpRamdisk(job.node);
    return [];
  } catch (error) {
    job.log.warn({ err: error }, 'the rescue system could not be cleaned up');
    return ['The rescue system could not be cleaned up.'];
  }
};

export const RESCUE: WorkflowKind = {
  name: 'rescue',
  eventType: 'rescue',
  doneEvent: () => 'done',
  failEvent: 'fail',
  onEnded: withoutPassword,
  onAbortFailed: (text) => ({
    maintenance: true,
    maintenanceReason: text,
    fault: 'rescue abort failure',
  }),
  bringToRest: cleanUp,
};

export const UNRESCUE: WorkflowKind = {
  name: 'unrescue',
  eventType: 'unrescue',
  doneEvent: () => 'done',
  failEvent: 'fail',
  onEnded: withoutPassword,
};
