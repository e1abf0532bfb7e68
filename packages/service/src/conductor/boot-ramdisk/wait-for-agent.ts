// The wait for the first word of the agent of this boot: it calls, or it is looked for. A token that was given by a
// lookup is not relied on at once: a second one who asks for it has some time to show up.

import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';

import { endWindow } from '../agent-session/give-token.ts';
import { refuseRevoked, suspectFailure } from '../agent-session/session-lost.ts';
import { lookForPolledAgent, pollWait } from '../poll/wait-for-polled-agent.ts';
import { DONE, type Job, type Step, type StepResult, type StepWait } from '../workflow/step.ts';
import { retryGrant } from './boot-again.ts';
import { callbackTimeoutOf } from './callback-timeout.ts';

type WaitOptions = { readonly isFirst: boolean; readonly lookAtMs?: number | undefined };

const agentWait = (job: Job, { isFirst, lookAtMs }: WaitOptions): StepWait => ({
  kind: 'wait',
  what: 'the agent to call for the first time',
  on: `the machine of node ${job.node.name ?? job.node.uuid}, booting our ramdisk`,
  remedy:
    'Look at the console of the machine: does it boot our ramdisk, and does it reach the agent listener at ' +
    `${job.parts.urls.agentApi}? The history of the node tells of lookups that were refused.`,
  timeoutCode: 'agent.not-called',
  ...(isFirst ? { timeoutMs: callbackTimeoutOf(job) } : {}),
  ...(lookAtMs === undefined
    ? {}
    : { lookAfterMs: Math.max(1, lookAtMs - job.parts.clock.wallMs()) }),
});

/** Undefined while the session of this boot is not the open one. */
const sessionOf = async (job: Job): Promise<AgentSessionRecord | undefined> => {
  const session = await findOpenSession(job.parts.store.db, job.node.uuid);
  if (session === undefined || session.id !== job.workflow.context['sessionId']) {
    await refuseRevoked(job.parts.store.db, job.node.uuid);
    return undefined;
  }
  if (session.state === 'SUSPECT') throw suspectFailure(session);
  return session;
};

const isPolled = (session: AgentSessionRecord | undefined): session is AgentSessionRecord =>
  session?.route === 'poll' && session.state === 'SEALED';

/**
 * The window ends whether somebody asks or not, and a token that was given is looked after in time although no one
 * who gives it tells us.
 */
const awaitLookup = async (
  job: Job,
  session: AgentSessionRecord,
  isFirst: boolean,
): Promise<StepWait> => {
  const { parts } = job;
  const { lookupWindow, grantRetryMs } = parts.options;
  const nowMs = parts.clock.wallMs();
  const isEnforced = lookupWindow === 'enforce';
  if (isEnforced && nowMs > session.windowClosesMs) {
    await endWindow(parts, session);
    return agentWait(job, { isFirst });
  }
  const endMs = isEnforced ? session.windowClosesMs + 1 : Infinity;
  return agentWait(job, { isFirst, lookAtMs: Math.min(endMs, nowMs + grantRetryMs) });
};

/** The agent has its token, or the answer with it was lost: after a while one more boot tells. */
const awaitFirstUse = (job: Job, session: AgentSessionRecord, isFirst: boolean): StepResult => {
  const { clock, options } = job.parts;
  const lostAtMs = (session.givenAtMs ?? 0) + options.grantRetryMs;
  if (clock.wallMs() < lostAtMs) return agentWait(job, { isFirst, lookAtMs: lostAtMs });
  return retryGrant(job) ?? agentWait(job, { isFirst });
};

/** When the loser of a race for the token had time enough to show up; undefined: it had. */
const settledAt = ({ parts }: Job, session: AgentSessionRecord): number | undefined => {
  if (session.givenAtMs === null) return undefined;
  const atMs = session.givenAtMs + parts.options.settleMs;
  return parts.clock.wallMs() < atMs ? atMs : undefined;
};

const judge = async (
  job: Job,
  session: AgentSessionRecord | undefined,
  isFirst: boolean,
): Promise<StepResult> => {
  if (session?.state === 'OPEN') return awaitLookup(job, session, isFirst);
  if (session?.state === 'GIVEN') return awaitFirstUse(job, session, isFirst);
  if (session?.state !== 'BOUND') return agentWait(job, { isFirst });
  const lookAtMs = settledAt(job, session);
  return lookAtMs === undefined ? DONE : agentWait(job, { isFirst, lookAtMs });
};

export const waitForAgent: Step = {
  name: 'wait_for_agent',
  isIdempotent: true,
  run: async (job): Promise<StepResult> => {
    const session = await sessionOf(job);
    // Nobody is there before the machine has booted: the first look comes a little later.
    if (isPolled(session)) {
      return pollWait(job, {
        tries: 0,
        text: 'it just got power',
        timeoutMs: callbackTimeoutOf(job),
      });
    }
    return judge(job, session, true);
  },
  look: async (job): Promise<StepResult> => {
    const session = await sessionOf(job);
    return isPolled(session) ? lookForPolledAgent(job, session) : judge(job, session, false);
  },
};
