// What an agent would do, on a machine that has none: takes its time, or fails, as its driver says.

import { DONE, type Step } from '../workflow/step.ts';
import { SIMULATED_STEP_RUNNER } from './plan-step.ts';

export const simulatedStep: Step = {
  name: SIMULATED_STEP_RUNNER,
  isIdempotent: true,
  run: async (job) => {
    if (job.driver.deploy.kind !== 'simulated') return DONE;
    const { work } = job.driver.deploy;
    await (job.workflow.kind === 'deploy' ? work.deploy(job.node) : work.clean(job.node));
    return DONE;
  },
};

const CALLBACK_KEY = 'callbackAtMs';

/** The wait for a pretended agent: the node rests in its wait state for as long as its driver says. */
export const makeSimulatedCallback = (
  name: string,
  delayMsOf: (job: Parameters<Step['run']>[0]) => number,
): Step => {
  const wait = (atMs: number, nowMs: number) =>
    ({
      kind: 'wait',
      what: 'the pretended agent to call',
      on: 'the fake machine',
      remedy: 'Nothing to do: driver_info fake_callback_delay says how long it takes.',
      lookAfterMs: Math.max(1, atMs - nowMs),
      context: { [CALLBACK_KEY]: atMs },
    }) as const;
  return {
    name,
    isIdempotent: true,
    run: async (job) => {
      const nowMs = job.parts.clock.wallMs();
      return wait(nowMs + delayMsOf(job), nowMs);
    },
    look: async (job) => {
      const nowMs = job.parts.clock.wallMs();
      const atMs = job.workflow.context[CALLBACK_KEY];
      return typeof atMs === 'number' && nowMs < atMs ? wait(atMs, nowMs) : DONE;
    },
  };
};
