// Opens the line to the agent of a node's bound session for one exchange of words.

import { Failure } from '@bessemer/protocol/errors/failure';

import { findOpenSession } from '#store/agent-sessions';
import { openToken } from '#trust/agent-token/grant';

import type { Job } from '../workflow/step.ts';
import { type AgentClient, openAgentClient } from './agent-client.ts';
import { bindingConflict } from './binding-conflict.ts';

export const withAgent = async <T>(
  job: Pick<Job, 'node' | 'parts' | 'fence'>,
  work: (client: AgentClient) => Promise<T>,
): Promise<T> => {
  const { store, keys } = job.parts;
  const session = await findOpenSession(store.db, job.node.uuid);
  if (session?.state === 'SUSPECT') throw bindingConflict();
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
    pin: isTls ? session.pin : null,
    fence: job.fence,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};
