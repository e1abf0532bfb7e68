// The agent flushes its disks and powers its machine off; if the machine is still on after a while, the BMC does it.

import { Failure } from '@bessemer/protocol/errors/failure';

import { isTrustLost } from '../agent-session/session-lost.ts';
import { withAgent } from '../agent-session/with-agent.ts';
import { type Job, type Step, type StepDone, type StepWait } from '../workflow/step.ts';

/** Flushing the page cache of a large image takes a while on a slow disk. */
const SOFT_OFF_MS_MAX = 60_000;
const LOOK_MS = 1_000;

const OFF: StepDone = { kind: 'done', node: { powerState: 'power off' } };

const offWait = (isFirst: boolean): StepWait => ({
  kind: 'wait',
  what: 'the machine to power itself off',
  on: 'the agent in the ramdisk',
  remedy: 'Nothing to do: the BMC powers the machine off when it takes too long.',
  timeoutCode: 'bmc.power',
  lookAfterMs: LOOK_MS,
  ...(isFirst ? { timeoutMs: SOFT_OFF_MS_MAX } : {}),
});

const isOff = async (job: Job): Promise<boolean> =>
  (await job.driver.power.fetchState(job.node)) === 'power off';

const hardOff = async (job: Job): Promise<StepDone> => {
  const timeoutMs = job.parts.options.powerTimeoutMs;
  await job.driver.power.setState(job.node, 'power off', { timeoutMs });
  return OFF;
};

export const tearDownAgent: Step = {
  name: 'tear_down_agent',
  isIdempotent: true,
  run: async (job) => {
    if (await isOff(job)) return OFF;
    try {
      await withAgent(job, (agent) => agent.send('standby.power_off', {}, { isWaiting: false }));
    } catch (error) {
      // An agent that is already on its way down does not answer any more.
      if (!(error instanceof Failure) || isTrustLost(error)) throw error;
      job.log.info({ code: error.code }, 'the agent did not take the power-off; the BMC decides');
    }
    return offWait(true);
  },
  look: async (job, { isDeadlinePassed }) => {
    if (await isOff(job)) return OFF;
    return isDeadlinePassed ? hardOff(job) : offWait(false);
  },
};
