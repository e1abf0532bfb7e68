// The wait for an agent that never calls: it is looked for, often at first, then less so.

import type { AgentSessionRecord } from '#store/agent-sessions';

import type { Job, StepResult, StepWait } from '../workflow/step.ts';
import { firstContact } from './first-contact.ts';
import { jittered } from './jitter.ts';

const LOOK_MS = 3_000;
const LOOK_MS_MAX = 15_000;
const BACK_OFF = 1.25;
const JITTER = 0.2;
/** In the workflow's context: how often this boot was looked for in vain. */
const TRIES_KEY = 'pollTries';

const triesOf = (job: Job): number => {
  const tries = job.workflow.context[TRIES_KEY];
  return typeof tries === 'number' ? tries : 0;
};

export const pollWait = (
  job: Job,
  look: { readonly tries: number; readonly text: string; readonly timeoutMs?: number },
): StepWait => ({
  kind: 'wait',
  what: 'the agent to be found where the machine should be',
  on: `the machine of node ${job.node.name ?? job.node.uuid}, booting our ramdisk; so far: ${look.text}`,
  remedy:
    'Look at the console of the machine: does it boot our ramdisk, and does it have one of the addresses that ' +
    'the service looks at (driver_info agent_address, network_data, leases)? May the service reach it on port 9999?',
  timeoutCode: 'agent.not-called',
  lookAfterMs: jittered(Math.min(LOOK_MS_MAX, LOOK_MS * BACK_OFF ** look.tries), JITTER),
  context: { [TRIES_KEY]: look.tries },
  ...(look.timeoutMs === undefined ? {} : { timeoutMs: look.timeoutMs }),
});

/** One try. */
export const lookForPolledAgent = async (
  job: Job,
  session: AgentSessionRecord,
): Promise<StepResult> => {
  const contact = await firstContact(job, session);
  if (contact.kind === 'bound') return contact.done;
  job.log.debug({ boot: session.bootNumber }, contact.text);
  return pollWait(job, { tries: triesOf(job) + 1, text: contact.text });
};
