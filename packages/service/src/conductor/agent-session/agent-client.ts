// Speaks to the agent: over TLS to exactly the key that belongs to the session, with the token, and with the fence
// of our lease. The key is compared before the first byte of a request, so the token never reaches anybody else.

import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';

import { Agent, buildConnector, request } from 'undici';

import { type CommandResult, FENCE_HEADER } from '@bessemer/protocol/agent/command';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { Secret } from '#trust/secret';

export type AgentAddress = {
  readonly callbackUrl: string;
  readonly token: Secret<string>;
  /** Null only where the operator switched TLS off. */
  readonly pin: string | null;
  readonly fence: number;
};

/** Short commands answer at once; the slowest (collecting logs) takes some seconds. */
const COMMAND_MS_MAX = 60_000;
const CONNECT_MS_MAX = 10_000;
/** Logs are inside some answers. */
const ANSWER_BYTES_MAX = 16 * 1_048_576;
const POST_TRIES_MAX = 3;

const pinnedConnector = (pin: string): buildConnector.connector => {
  const connect = buildConnector({
    timeout: CONNECT_MS_MAX,
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    allowH2: false,
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      if (isPinned(socket, pin)) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(
        new Failure(
          'agent.key-mismatch',
          'The agent shows another TLS key than the one it was given.',
        ),
        null,
      );
    });
  };
};

const isPinned = (socket: unknown, pin: string): boolean => {
  if (!(socket instanceof TLSSocket)) return false;
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return false;
  const key = new X509Certificate(raw).publicKey.export({ type: 'spki', format: 'der' });
  return timingSafeEqual(createHash('sha256').update(key).digest(), Buffer.from(pin, 'hex'));
};

type Answer = { readonly status: number; readonly body: unknown };

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

export const openAgentClient = (agent: AgentAddress): AgentClient => {
  const { pin } = agent;
  const connect = pin === null ? { timeout: CONNECT_MS_MAX } : pinnedConnector(pin);
  const dispatcher = new Agent({
    connect,
    connections: 1,
    headersTimeout: COMMAND_MS_MAX,
    bodyTimeout: COMMAND_MS_MAX,
  });
  const base = `${agent.callbackUrl}/v1/commands/`;

  const exchange = async (
    method: 'GET' | 'POST',
    query: string,
    body?: string,
  ): Promise<Answer> => {
    const url = `${base}?${query}agent_token=${encodeURIComponent(agent.token.reveal())}`;
    const headers = { 'content-type': 'application/json', [FENCE_HEADER]: String(agent.fence) };
    // No redirects: an answer that points elsewhere is an answer that we do not follow.
    const response = await request(url, { method, dispatcher, headers, body: body ?? null });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > ANSWER_BYTES_MAX) throw notProtocol('answered more than it may');
      chunks.push(chunk);
    }
    return { status: response.statusCode, body: parse(Buffer.concat(chunks).toString()) };
  };

  const list = async (): Promise<readonly CommandResult[] | undefined> => {
    const answer = await reachable(() => exchange('GET', ''));
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
        const answer = await exchange('POST', `wait=${isWaiting}&`, body);
        if (answer.status !== 200) throw refused(answer);
        if (!isJsonObject(answer.body)) throw notProtocol('answered a command with something else');
        return answer.body as unknown as CommandResult;
      } catch (error) {
        if (error instanceof Failure) throw error;
        if (tries >= POST_TRIES_MAX) throw unreachable(error);
        const taken = await findTaken(name).catch(unlessRetryable);
        if (taken !== undefined) return taken;
      }
    }
  };

  return { send, list, close: () => dispatcher.close() };
};

/** Not reached either: the next try will tell. */
const unlessRetryable = (error: unknown): undefined => {
  if (error instanceof Failure && error.isRetryable) return undefined;
  throw error;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure('agent.protocol', 'The agent answered something that is not JSON.', {
      cause,
    });
  }
};

const reachable = async (work: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : unreachable(error);
  }
};

const notProtocol = (what: string): Failure => new Failure('agent.protocol', `The agent ${what}.`);

const unreachable = (cause: unknown): Failure =>
  new Failure('agent.unreachable', 'The agent does not answer.', { isRetryable: true, cause });

const BUSY_PATTERN = /agent is busy/i;

const refused = (answer: Answer): Failure => {
  const text =
    isJsonObject(answer.body) && typeof answer.body['faultstring'] === 'string'
      ? answer.body['faultstring']
      : '';
  if (answer.status === 409 || BUSY_PATTERN.test(text)) {
    return new Failure('agent.busy', text, { isRetryable: true });
  }
  return new Failure(
    'agent.command-failed',
    `The agent answered ${answer.status}: ${text.slice(0, 500)}`,
  );
};
