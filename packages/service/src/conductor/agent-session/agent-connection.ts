// A line to an agent: TLS to exactly the key that belongs to the session. The key is compared before the first byte
// of a request, so whoever else answers sees a handshake and nothing of ours. No chain is checked: it would cost
// as much again and prove less than the key does.

import { createHash, timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';

import { Agent, buildConnector, request } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { ConductorIdentity } from '#trust/certificate/conductor-identity';

export type AgentPlace = {
  /** `https://address:port`, without a path. */
  readonly callbackUrl: string;
  /** Null only where the operator switched TLS off. */
  readonly pin: string | null;
  /** What the agent may ask for to know who speaks. */
  readonly identity: ConductorIdentity | undefined;
  readonly connectMsMax?: number;
  /** How long the agent may take to answer. */
  readonly answerMsMax: number;
  readonly answerBytesMax: number;
};

export type Answer = { readonly status: number; readonly body: unknown };

export type AgentConnection = {
  /** `target` is path and query. Throws `Failure`; `agent.unreachable` is the retryable one. */
  readonly exchange: (
    method: 'GET' | 'POST',
    target: string,
    more?: { readonly headers?: { readonly [name: string]: string }; readonly body?: string },
  ) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

const CONNECT_MS_MAX = 10_000;

const isPinned = (socket: unknown, pin: string): boolean => {
  if (!(socket instanceof TLSSocket)) return false;
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (key === undefined) return false;
  return timingSafeEqual(createHash('sha256').update(key).digest(), Buffer.from(pin, 'hex'));
};

const pinnedConnector = (
  pin: string,
  { identity, connectMsMax = CONNECT_MS_MAX }: Pick<AgentPlace, 'identity' | 'connectMsMax'>,
): buildConnector.connector => {
  const connect = buildConnector({
    timeout: connectMsMax,
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    allowH2: false,
    ...(identity === undefined ? {} : { secureContext: identity.context }),
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

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure('agent.protocol', 'The agent answered something that is not JSON.', {
      cause,
    });
  }
};

export const openAgentConnection = (place: AgentPlace): AgentConnection => {
  const { pin, answerMsMax, answerBytesMax } = place;
  const connect = pin === null ? { timeout: CONNECT_MS_MAX } : pinnedConnector(pin, place);
  const dispatcher = new Agent({
    connect,
    connections: 1,
    headersTimeout: answerMsMax,
    bodyTimeout: answerMsMax,
  });

  const read = async (body: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > answerBytesMax) {
        throw new Failure('agent.protocol', 'The agent answered more than it may.');
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  };

  const exchange: AgentConnection['exchange'] = async (method, target, more = {}) => {
    try {
      // No redirects: an answer that points elsewhere is an answer that we do not follow.
      const response = await request(`${place.callbackUrl}${target}`, {
        method,
        dispatcher,
        headers: { 'content-type': 'application/json', ...more.headers },
        body: more.body ?? null,
      });
      const text = await read(response.body as AsyncIterable<Buffer>);
      return { status: response.statusCode, body: parse(text) };
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('agent.unreachable', 'The agent does not answer.', {
        isRetryable: true,
        cause: error,
      });
    }
  };

  return { exchange, close: () => dispatcher.close() };
};
