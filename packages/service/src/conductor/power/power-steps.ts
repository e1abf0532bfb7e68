// Power, as steps. The driver reads the state back; what it saw is what the node shows.

import type { PowerTarget } from '@bessemer/protocol/node/record';

import type { Job, Step, StepDone } from '../workflow/step.ts';
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

/** PUT states/power. A restart that was begun when the process died is not caused twice: on is what it ends in. */
export const setPower: Step = {
  name: 'set_power',
  isIdempotent: false,
  run: (job) => {
    const { target, timeoutMs } = asked(job);
    return reach(job, target, timeoutMs);
  },
  reconcile: (job) => {
    const { target, timeoutMs } = asked(job);
    const isRestart = target === 'rebooting' || target === 'soft rebooting';
    return reach(job, isRestart ? 'power on' : target, timeoutMs);
  },
};

export const POWER: WorkflowKind = {
  name: 'power',
  eventType: 'power',
  onDone: () => ({ targetPowerState: null }),
  onFailed: () => ({ targetPowerState: null }),
};
