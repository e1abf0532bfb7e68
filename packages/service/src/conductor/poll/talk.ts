// A talk with one agent that showed the right key, in the course of the first contact.

import type { CommandResult } from '@bessemer/protocol/agent/command';
import { Failure } from '@bessemer/protocol/errors/failure';

import type { AgentSessionRecord } from '#store/agent-sessions';
import { openToken, type SessionIdentity } from '#trust/agent-token/grant';
import type { Secret } from '#trust/secret';

import { type AgentClient, openAgentClient } from '../agent-session/agent-client.ts';
import { commandFailure } from '../agent-session/agent-command.ts';
import type { AgentConnection } from '../agent-session/agent-connection.ts';
import type { AgentStatus } from './agent-contact.ts';
import type { ContactJob } from './contact.ts';
import type { PollAddress } from './poll-addresses.ts';

export type MetAgent = PollAddress & {
  readonly connection: AgentConnection;
  readonly status: AgentStatus;
};

export type Talk = {
  readonly job: ContactJob;
  readonly session: AgentSessionRecord;
  readonly agent: MetAgent;
  /** As compared on every connection. */
  readonly pin: string;
};

export const identityOf = ({
  nodeUuid,
  id: sessionId,
  bootNumber,
}: AgentSessionRecord): SessionIdentity => ({
  nodeUuid,
  sessionId,
  bootNumber,
});

/** Out of its sealed copy. */
export const opened = ({ job, session }: Talk, sealed: string): Secret<string> =>
  openToken(job.parts.keys, sealed, identityOf(session));

export const withToken = async <T>(
  { job, session, agent, pin }: Talk,
  token: Secret<string>,
  work: (client: AgentClient) => Promise<T>,
): Promise<T> => {
  const client = openAgentClient({
    callbackUrl: agent.callbackUrl,
    token,
    sessionId: session.id,
    pin,
    identity: job.parts.identity,
    fence: job.fence,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};

export const answerOf = (result: CommandResult): CommandResult['command_result'] => {
  if (result.command_status !== 'SUCCEEDED') throw commandFailure(result);
  return result.command_result;
};

export const statusOf = (error: unknown): unknown =>
  error instanceof Failure ? error.details['status'] : undefined;
