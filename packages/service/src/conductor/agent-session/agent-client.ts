// Speaks to the agent of a session: with its token, signed by what comes from the token, and with the fence of our
// lease. Stock agents ignore signature and fence.

import { type CommandResult, FENCE_HEADER } from '@bessemer/protocol/agent/command';
import { SEQUENCE_HEADER, SIGNATURE_HEADER } from '@bessemer/protocol/agent/trust';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { deriveSessionKey } from '#trust/agent-token/derived-keys';
import { signRequest } from '#trust/agent-token/signed-request';
import type { ConductorIdentity } from '#trust/certificate/conductor-identity';
import type { Secret } from '#trust/secret';

import { type Answer, openAgentConnection } from './agent-connection.ts';
import { foreignText } from './foreign-text.ts';

export type AgentAddress = {
  readonly callbackUrl: string;
  readonly token: Secret<string>;
  /** What the token was made for; part of what commands are signed with. */
  readonly sessionId: string;
  /** Null only where the operator switched TLS off. */
  readonly pin: string | null;
  readonly identity: ConductorIdentity | undefined;
  readonly fence: number;
};

/** Short commands answer at once; the slowest (collecting logs) takes some seconds. */
const COMMAND_MS_MAX = 60_000;
/** Logs are inside some answers. */
const ANSWER_BYTES_MAX = 16 * 1_048_576;
const POST_TRIES_MAX = 3;
const COMMANDS_PATH = '/v1/commands/';

export type AgentClient = {
  /** Sends a command; with `isWaiting` the answer comes when it has ended. */
  readonly send: (
    name: string,
    params: JsonObject,
    options: { readonly isWaiting: boolean },
  ) => Promise<CommandResult>;
  /** Every command of this boot, oldest first; undefined when the agent cannot list them. */
  readonly list: () => Promise<readonly CommandResult[] | undefined>;
  readonly close: () => Promise<void>;
};

// Of this process, and with the fence of no other: a pair of fence and number is never used twice.
let lastNumber = 0;

const nextNumber = (): number => {
  lastNumber += 1;
  return lastNumber;
};

export const openAgentClient = (agent: AgentAddress): AgentClient => {
  const { fence, token, sessionId } = agent;
  const connection = openAgentConnection({
    ...agent,
    answerMsMax: COMMAND_MS_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
  });
  const tokenQuery = `agent_token=${encodeURIComponent(token.reveal())}`;

  const post = (query: string, body: string): Promise<Answer> => {
    const sequence = `${fence}.${nextNumber()}`;
    const key = deriveSessionKey(token, sessionId, 'down');
    const signature = signRequest(key, { method: 'POST', path: COMMANDS_PATH, body, sequence });
    return connection.exchange('POST', `${COMMANDS_PATH}?${query}&${tokenQuery}`, {
      headers: {
        [FENCE_HEADER]: String(fence),
        [SEQUENCE_HEADER]: sequence,
        [SIGNATURE_HEADER]: signature,
      },
      body,
    });
  };

  const list = async (): Promise<readonly CommandResult[] | undefined> => {
    const answer = await connection.exchange('GET', `${COMMANDS_PATH}?${tokenQuery}`, {
      headers: { [FENCE_HEADER]: String(fence) },
    });
    // A stock agent that stored a broken result answers 500 to every list from then on.
    if (answer.status >= 500) return undefined;
    if (answer.status !== 200) throw refused(answer);
    const { body } = answer;
    if (!isJsonObject(body) || !Array.isArray(body['commands']))
      throw notProtocol('sent no list of commands');
    return body['commands'] as unknown as CommandResult[];
  };

  /** The answer to a POST was lost: was the command taken? */
  const findTaken = async (name: string): Promise<CommandResult | undefined> => {
    const last = (await list())?.at(-1);
    const short = name.slice(name.indexOf('.') + 1);
    return last?.command_name === short && last.command_status === 'RUNNING' ? last : undefined;
  };

  const send: AgentClient['send'] = async (name, params, { isWaiting }) => {
    const body = JSON.stringify({ name, params });
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await post(`wait=${isWaiting}`, body);
        if (answer.status !== 200) throw refused(answer);
        if (!isJsonObject(answer.body)) throw notProtocol('answered a command with something else');
        return answer.body as unknown as CommandResult;
      } catch (error) {
        const isLost = error instanceof Failure && error.code === 'agent.unreachable';
        if (!isLost || tries >= POST_TRIES_MAX) throw error;
        const taken = await findTaken(name).catch(unlessRetryable);
        if (taken !== undefined) return taken;
      }
    }
  };

  return { send, list, close: connection.close };
};

/** Not reached either: the next try will tell. */
const unlessRetryable = (error: unknown): undefined => {
  if (error instanceof Failure && error.isRetryable) return undefined;
  throw error;
};

const notProtocol = (what: string): Failure => new Failure('agent.protocol', `The agent ${what}.`);

const FAULT_CHARS_MAX = 500;
const BUSY_PATTERN = /agent is busy/i;

export const faultTextOf = (answer: Answer): string =>
  (isJsonObject(answer.body) ? foreignText(answer.body['faultstring'], FAULT_CHARS_MAX) : '') ?? '';

const refused = (answer: Answer): Failure => {
  const text = faultTextOf(answer);
  if (answer.status === 409 || BUSY_PATTERN.test(text)) {
    return new Failure('agent.busy', text, { isRetryable: true });
  }
  return new Failure('agent.command-failed', `The agent answered ${answer.status}: ${text}`, {
    details: { status: answer.status },
  });
};
