// The wait for the first word of the agent of this boot.

import { findOpenSession } from '#store/agent-sessions';

import { bindingConflict } from '../agent-session/binding-conflict.ts';
import { DONE, type Job, type Step, type StepResult, type StepWait } from '../workflow/step.ts';

const kindOfTimeout = (kind: string): 'deploy' | 'clean' | 'inspect' =>
  kind === 'deploy' || kind === 'inspect' ? kind : 'clean';

const agentWait = (job: Job, isFirst: boolean): StepWait => ({
  kind: 'wait',
  what: 'the agent to call for the first time',
  on: `the machine of node ${job.node.name ?? job.node.uuid}, booting our ramdisk`,
  remedy:
    'Look at the console of the machine: does it boot from the virtual medium, and does it reach the agent ' +
    `listener at ${job.parts.urls.agentApi}?`,
  timeoutCode: 'agent.not-called',
  ...(isFirst
    ? { timeoutMs: job.parts.options.callbackTimeoutMs[kindOfTimeout(job.workflow.kind)] }
    : {}),
});

const hasCalled = async (job: Job): Promise<boolean> => {
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  if (session === undefined || session.id !== job.workflow.context['sessionId']) return false;
  if (session.state === 'SUSPECT') throw bindingConflict();
  return session.state === 'BOUND';
};

export const waitForAgent: Step = {
  name: 'wait_for_agent',
  isIdempotent: true,
  run: async (job): Promise<StepResult> => ((await hasCalled(job)) ? DONE : agentWait(job, true)),
  look: async (job): Promise<StepResult> => ((await hasCalled(job)) ? DONE : agentWait(job, false)),
};
