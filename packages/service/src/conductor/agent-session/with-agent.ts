// Opens the line to the agent of a node's bound session for one exchange of words.

import { Failure } from '@bessemer/protocol/errors/failure';

import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';
import { openToken } from '#trust/agent-token/grant';

import { makeEventNoter } from '../trust-events.ts';
import type { Job } from '../workflow/step.ts';
import { type AgentClient, openAgentClient } from './agent-client.ts';
import { refuseRevoked, suspectFailure } from './session-lost.ts';

type AgentJob = Pick<Job, 'node' | 'parts' | 'fence'>;

/** Somebody else sits where the agent was. Nothing was said to it; the agent may still be there, and is kept. */
const notePinMismatch = ({ parts }: AgentJob, session: AgentSessionRecord): Promise<void> =>
  makeEventNoter(parts)({
    name: 'agent.pin_mismatch',
    nodeUuid: session.nodeUuid,
    sessionId: session.id,
    bootNumber: session.bootNumber,
    source: session.address ?? undefined,
    outcome: 'refused',
  });

export const withAgent = async <T>(
  job: AgentJob,
  work: (client: AgentClient) => Promise<T>,
): Promise<T> => {
  const { store, keys, identity } = job.parts;
  const session = await findOpenSession(store.db, job.node.uuid);
  if (session?.state === 'SUSPECT') throw suspectFailure(session);
  if (session === undefined) await refuseRevoked(store.db, job.node.uuid);
  if (session === undefined || session.state !== 'BOUND' || session.callbackUrl === null) {
    throw new Failure('agent.unreachable', 'No agent of this node has called.');
  }
  if (session.tokenSealed === null) {
    throw new Failure('agent.unreachable', 'The token of the agent is gone.');
  }
  const token = openToken(keys, session.tokenSealed, {
    nodeUuid: session.nodeUuid,
    sessionId: session.id,
    bootNumber: session.bootNumber,
  });
  const isTls = session.callbackUrl.startsWith('https:');
  const client = openAgentClient({
    callbackUrl: session.callbackUrl,
    token,
    sessionId: session.id,
    pin: isTls ? session.pin : null,
    identity,
    fence: job.fence,
  });
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof Failure && error.code === 'agent.key-mismatch') {
      await notePinMismatch(job, session);
    }
    throw error;
  } finally {
    await client.close();
  }
};
