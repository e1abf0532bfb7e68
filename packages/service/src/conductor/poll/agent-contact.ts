// What is asked of an agent before it is shown a token, and whether it takes one.

import { FENCE_HEADER } from '@bessemer/protocol/agent/command';
import { PROVE_COMMAND } from '@bessemer/protocol/agent/trust';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject } from '@bessemer/protocol/json';

import {
  conductorProof,
  isAgentProof,
  newNonce,
  type ProofParts,
} from '#trust/agent-token/mutual-proof';
import type { Secret } from '#trust/secret';

import type { AgentConnection } from '../agent-session/agent-connection.ts';

export type AgentStatus = {
  readonly version: string;
  /** By the clock of the agent. */
  readonly startedAtMs: number;
  /** Stock agents do not say. */
  readonly uptimeMs: number | null;
};

const VERSION_CHARS_MAX = 64;

const secondsAsMs = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 1_000) : null;

export const readStatus = async (connection: AgentConnection): Promise<AgentStatus> => {
  const { status, body } = await connection.exchange('GET', '/v1/status');
  const startedAtMs = isJsonObject(body) ? secondsAsMs(body['started_at']) : null;
  if (status !== 200 || !isJsonObject(body) || startedAtMs === null) {
    throw new Failure('agent.protocol', 'The agent does not tell its status.');
  }
  const version = typeof body['version'] === 'string' ? body['version'] : '';
  return {
    version: version.slice(0, VERSION_CHARS_MAX),
    startedAtMs,
    uptimeMs: secondsAsMs(body['uptime']),
  };
};

/** `none`: it knows no proofs, as stock agents, or it does not believe ours. */
export const proveTo = async (
  connection: AgentConnection,
  parts: ProofParts,
): Promise<'proven' | 'wrong' | 'none'> => {
  const nonce = newNonce();
  const { status, body } = await connection.exchange('POST', '/v1/commands/?wait=true', {
    body: JSON.stringify({ name: PROVE_COMMAND, params: conductorProof(parts, nonce) }),
  });
  if (status !== 200) return 'none';
  const answer = isJsonObject(body) ? body['command_result'] : undefined;
  return isAgentProof(parts, nonce, answer) ? 'proven' : 'wrong';
};

/** Whether the agent answers to this token. Throws `Failure` when it answers neither yes nor no. */
export const isTokenAlive = async (
  connection: AgentConnection,
  token: Secret<string>,
  fence: number,
): Promise<boolean> => {
  const target = `/v1/commands/?agent_token=${encodeURIComponent(token.reveal())}`;
  const status = await connection.ask(target, { [FENCE_HEADER]: String(fence) });
  if (status === 401) return false;
  // A stock agent that stored a broken result answers 500 to every list from then on.
  if (status === 200 || status >= 500) return true;
  throw new Failure('agent.protocol', `The agent answered ${status} to the question what it does.`);
};
