// One poll of one agent: a fresh connection to its key, and the question what it does. That it takes the token is the
// answer; what it does, the step that waits for it looks at itself.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { ConductorIdentity } from '#trust/certificate/conductor-identity';

import { type AgentConnection, openAgentConnection } from '../agent-session/agent-connection.ts';
import { readStatus } from './agent-contact.ts';
import type { PollTarget } from './poll-target.ts';

const CONNECT_MS_MAX = 3_000;
const ANSWER_MS_MAX = 10_000;
/** Every result of the boot is in the answer, logs among them; it is not kept. */
const ANSWER_BYTES_MAX = 16 * 1_048_576;
/** Agents tell seconds with a fraction. */
const STARTED_SLACK_MS = 1_000;

const isRestarted = async (connection: AgentConnection, target: PollTarget): Promise<boolean> => {
  const { startedAtMs } = await readStatus(connection);
  return (
    target.startedAtMs !== null && Math.abs(startedAtMs - target.startedAtMs) > STARTED_SLACK_MS
  );
};

/** Throws `Failure` when there is no answer, or none that is right. */
export const pollAgent = async (
  target: PollTarget,
  identity: ConductorIdentity | undefined,
): Promise<'alive' | 'restarted'> => {
  const connection = openAgentConnection({
    callbackUrl: target.callbackUrl,
    pin: target.pin,
    identity,
    connectMsMax: CONNECT_MS_MAX,
    answerMsMax: ANSWER_MS_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
  try {
    // A stock agent reads its token again when it restarts: only the time of its start tells.
    if (!target.isProven && (await isRestarted(connection, target))) return 'restarted';
    const token = encodeURIComponent(target.openToken().reveal());
    const status = await connection.ask(`/v1/commands/?agent_token=${token}`);
    // A stock agent that stored a broken result answers 500 to every list from then on.
    if (status === 200 || status >= 500) return 'alive';
    if (status === 401 && (await isRestarted(connection, target))) return 'restarted';
    throw new Failure('agent.command-failed', `The agent answered ${status} to a poll.`, {
      details: { status },
    });
  } finally {
    await connection.close();
  }
};
