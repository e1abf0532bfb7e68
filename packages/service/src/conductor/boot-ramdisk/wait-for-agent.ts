// The wait for the first word of the agent of this boot: it calls, or it is looked for.

import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';

import { bindingConflict } from '../agent-session/binding-conflict.ts';
import { lookForPolledAgent, pollWait } from '../poll/wait-for-polled-agent.ts';
import { DONE, type Job, type Step, type StepResult, type StepWait } from '../workflow/step.ts';

const kindOfTimeout = (kind: string): 'deploy' | 'clean' | 'inspect' =>
  kind === 'deploy' || kind === 'inspect' ? kind : 'clean';

const timeoutOf = (job: Job): number =>
  job.parts.options.callbackTimeoutMs[kindOfTimeout(job.workflow.kind)];

const agentWait = (job: Job, isFirst: boolean): StepWait => ({
  kind: 'wait',
  what: 'the agent to call for the first time',
  on: `the machine of node ${job.node.name ?? job.node.uuid}, booting our ramdisk`,
  remedy:
    'Look at the console of the machine: does it boot from the virtual medium, and does it reach the agent ' +
    `listener at ${job.parts.urls.agentApi}?`,
  timeoutCode: 'agent.not-called',
  ...(isFirst ? { timeoutMs: timeoutOf(job) } : {}),
});

/** Undefined while the session of this boot is not the open one. */
const sessionOf = async (job: Job): Promise<AgentSessionRecord | undefined> => {
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  if (session === undefined || session.id !== job.workflow.context['sessionId']) return undefined;
  if (session.state === 'SUSPECT') throw bindingConflict();
  return session;
};

const isPolled = (session: AgentSessionRecord | undefined): session is AgentSessionRecord =>
  session?.route === 'poll' && session.state === 'SEALED';

export const waitForAgent: Step = {
  name: 'wait_for_agent',
  isIdempotent: true,
  run: async (job): Promise<StepResult> => {
    const session = await sessionOf(job);
    if (session?.state === 'BOUND') return DONE;
    // Nobody is there before the machine has booted: the first look comes a little later.
    if (isPolled(session)) {
      return pollWait(job, { tries: 0, text: 'it just got power', timeoutMs: timeoutOf(job) });
    }
    return agentWait(job, true);
  },
  look: async (job): Promise<StepResult> => {
    const session = await sessionOf(job);
    if (session?.state === 'BOUND') return DONE;
    return isPolled(session) ? lookForPolledAgent(job, session) : agentWait(job, false);
  },
};
