// Power, as steps. The driver reads the state back; what it saw is what the node shows.

import type { NodeRecord, PowerTarget } from '@bessemer/protocol/node/record';

import type { PlannedStep } from '#store/workflows';

import { type Job, planned, type Step, type StepDone } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

const reach = async (job: Job, target: PowerTarget, timeoutMs?: number): Promise<StepDone> => {
  const limitMs = timeoutMs ?? job.parts.options.powerTimeoutMs;
  await job.driver.power.setState(job.node, target, { timeoutMs: limitMs });
  const isOff = target === 'power off' || target === 'soft power off';
  return { kind: 'done', node: { powerState: isOff ? 'power off' : 'power on' } };
};

export const powerOff: Step = {
  name: 'power_off',
  isIdempotent: true,
  run: (job) => reach(job, 'power off'),
};

export const powerOn: Step = {
  name: 'power_on',
  isIdempotent: true,
  run: (job) => reach(job, 'power on'),
};

const asked = (job: Job): { readonly target: PowerTarget; readonly timeoutMs?: number } => {
  const { target, timeoutMs } = job.planned.args;
  return {
    target: target as PowerTarget,
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
  };
};

/** PUT states/power. A restart is planned as off and then on, so that each half can be begun again. */
export const setPower: Step = {
  name: 'set_power',
  isIdempotent: true,
  run: (job) => {
    const { target, timeoutMs } = asked(job);
    return reach(job, target, timeoutMs);
  },
};

const HALVES: { readonly [target in PowerTarget]: readonly PowerTarget[] } = {
  'power on': ['power on'],
  'power off': ['power off'],
  'soft power off': ['soft power off'],
  rebooting: ['power off', 'power on'],
  'soft rebooting': ['soft power off', 'power on'],
};

/** A machine that must never be off is reset in one go; a killed process may then cause it once more. */
export const powerPlan = (
  node: Pick<NodeRecord, 'disablePowerOff'>,
  target: PowerTarget,
  timeoutMs: number | undefined,
): PlannedStep[] =>
  (node.disablePowerOff ? [target] : HALVES[target]).map((half) =>
    planned(
      'set_power',
      'power',
      timeoutMs === undefined ? { target: half } : { target: half, timeoutMs },
    ),
  );

export const POWER: WorkflowKind = {
  name: 'power',
  eventType: 'power',
  onDone: () => ({ targetPowerState: null }),
  onFailed: () => ({ targetPowerState: null }),
};
