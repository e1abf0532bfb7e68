// One poll of one agent: a fresh connection to its key, and the question what it does. That it takes the token is the
// answer; what it does, the step that waits for it looks at itself.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { ConductorIdentity } from '#trust/certificate/conductor-identity';

import { openAgentConnection } from '../agent-session/agent-connection.ts';
import { askAgent } from '../agent-session/ask-agent.ts';
import { readStatus } from './agent-contact.ts';
import type { PollTarget } from './poll-target.ts';

const LIMITS = {
  connectMsMax: 3_000,
  answerMsMax: 10_000,
  /** Every result of the boot is in the answer: inventories, steps, records of erasure. */
  answerBytesMax: 4 * 1_048_576,
} as const;
/** Agents tell seconds with a fraction. */
const STARTED_SLACK_MS = 1_000;

export type PollAs = { readonly identity: ConductorIdentity | undefined; readonly clock: Clock };

const isRestarted = async (target: PollTarget, { identity }: PollAs): Promise<boolean> => {
  if (target.startedAtMs === null) return false;
  const { callbackUrl, pin } = target;
  const connection = openAgentConnection({ callbackUrl, pin, identity, ...LIMITS });
  try {
    const { startedAtMs } = await readStatus(connection);
    return Math.abs(startedAtMs - target.startedAtMs) > STARTED_SLACK_MS;
  } finally {
    await connection.close();
  }
};

/** Throws `Failure` when there is no answer, or none that is right. */
export const pollAgent = async (target: PollTarget, as: PollAs): Promise<'alive' | 'restarted'> => {
  // A stock agent reads its token again when it restarts: only the time of its start tells.
  if (!target.isProven && (await isRestarted(target, as))) return 'restarted';
  const { callbackUrl, pin } = target;
  const token = encodeURIComponent(target.openToken().reveal());
  const { status } = await askAgent({
    callbackUrl,
    pin,
    ...as,
    ...LIMITS,
    target: `/v1/commands/?agent_token=${token}`,
  });
  // A stock agent that stored a broken result answers 500 to every list from then on.
  if (status === 200 || status >= 500) return 'alive';
  if (status === 401 && (await isRestarted(target, as))) return 'restarted';
  throw new Failure('agent.command-failed', `The agent answered ${status} to a poll.`, {
    details: { status },
  });
};
