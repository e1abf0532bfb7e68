// Steps that every node has, whatever its driver and its agent: power, a pause, and a halt that a person ends.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { PowerTarget } from '@bessemer/protocol/node/record';

import type { WorkflowRecord } from '#store/workflows';

import { bootAgainPlan, withReboot } from '../boot-ramdisk/boot-again.ts';
import { DONE, type Job, type Step, type StepResult, type StepWait } from '../workflow/step.ts';

export const RESERVED_STEP_RUNNER = 'reserved-step';

const NAMES = ['power_on', 'power_off', 'reboot', 'hold', 'wait'] as const;
export type ReservedName = (typeof NAMES)[number];

export const isReserved = (name: string): name is ReservedName =>
  (NAMES as readonly string[]).includes(name);

export const POWER_TARGETS: { readonly [name: string]: PowerTarget } = {
  power_on: 'power on',
  power_off: 'power off',
  reboot: 'rebooting',
};

const HOLD_ENDED_KEY = 'heldStepToEnd';

/** What a workflow has to know so that its hold is over. */
export const withHoldEnded = ({
  context,
  cursor,
}: Pick<WorkflowRecord, 'context' | 'cursor'>): WorkflowRecord['context'] => ({
  ...context,
  [HOLD_ENDED_KEY]: cursor,
});

const hold = (job: Job): StepResult =>
  job.workflow.context[HOLD_ENDED_KEY] === job.workflow.cursor
    ? DONE
    : {
        kind: 'wait',
        event: 'hold',
        what: 'somebody to end the hold',
        on: 'whoever asked for the step "hold"',
        remedy: 'Ask for unhold to go on, or for abort to give up.',
      };

/** A pause in the middle of other steps; whoever wants more wants a hold. */
const WAIT_SECONDS_MAX = 86_400;

const secondsOf = (value: JsonValue | undefined): number | undefined => {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= WAIT_SECONDS_MAX) return seconds;
  throw new Failure(
    'steps.invalid',
    `The step wait takes "seconds", a number from 0 to ${WAIT_SECONDS_MAX}.`,
  );
};

const WAIT_UNTIL_KEY = 'waitUntilMs';

const pauseUntil = (untilMs: number, nowMs: number): StepWait => ({
  kind: 'wait',
  what: 'the time of the step "wait" to pass',
  on: 'the clock',
  remedy: 'Nothing to do; abort gives up.',
  lookAfterMs: Math.max(1, untilMs - nowMs),
  context: { [WAIT_UNTIL_KEY]: untilMs },
});

/** Without a time: until the agent calls again, and where there is none not at all. */
const beginWait = (job: Job): StepResult => {
  const { clock, options } = job.parts;
  const { args } = job.planned.args;
  const seconds = secondsOf(isJsonObject(args) ? args['seconds'] : undefined);
  const nowMs = clock.wallMs();
  if (seconds !== undefined) return pauseUntil(nowMs + seconds * 1_000, nowMs);
  if (job.driver.deploy.kind === 'simulated') return DONE;
  const wait = pauseUntil(nowMs + options.heartbeatTimeoutMs, nowMs);
  return { ...wait, what: 'the agent to call again', on: 'the agent in the ramdisk' };
};

const lookAtWait = (job: Job): StepResult => {
  const nowMs = job.parts.clock.wallMs();
  const untilMs = job.workflow.context[WAIT_UNTIL_KEY];
  const { args } = job.planned.args;
  const isTimed = isJsonObject(args) && args['seconds'] !== undefined && args['seconds'] !== null;
  if (!isTimed || typeof untilMs !== 'number' || nowMs >= untilMs) return DONE;
  return pauseUntil(untilMs, nowMs);
};

/** A machine with an agent has it again behind the step. */
const changePower = async (job: Job): Promise<StepResult> => {
  const isInRamdisk = typeof job.workflow.context['sessionId'] === 'string';
  if (job.planned.name === 'reboot' && isInRamdisk) return withReboot(job, DONE);
  if (job.planned.name === 'power_on' && isInRamdisk) {
    const state = await job.driver.power.fetchState(job.node);
    return state === 'power on' ? DONE : { ...DONE, steps: bootAgainPlan() };
  }
  const target = POWER_TARGETS[job.planned.name] as PowerTarget;
  await job.driver.power.setState(job.node, target, {
    timeoutMs: job.parts.options.powerTimeoutMs,
  });
  return {
    kind: 'done',
    node: { powerState: target === 'power off' ? 'power off' : 'power on' },
  };
};

export const reservedStep: Step = {
  name: RESERVED_STEP_RUNNER,
  isIdempotent: true,
  run: async (job) => {
    if (job.planned.name === 'hold') return hold(job);
    return job.planned.name === 'wait' ? beginWait(job) : changePower(job);
  },
  look: async (job) => (job.planned.name === 'hold' ? hold(job) : lookAtWait(job)),
};
