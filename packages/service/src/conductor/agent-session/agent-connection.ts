// A line to an agent: TLS to exactly the key that belongs to the session. The key is compared before the first byte
// of a request, so whoever else answers sees a handshake and nothing of ours. No chain is checked: it would cost
// as much again and prove less than the key does.

import { isUtf8 } from 'node:buffer';

import { buildConnector, Client, type Dispatcher } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { ConductorIdentity } from '#trust/certificate/conductor-identity';

import { isPinnedPeer } from './pinned-peer.ts';

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
  /** Only the status; what else is answered is read and forgotten. */
  readonly ask: (target: string, headers?: { readonly [name: string]: string }) => Promise<number>;
  readonly close: () => Promise<void>;
};

const CONNECT_MS_MAX = 10_000;

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
      if (isPinnedPeer(socket, pin)) {
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

const answeredTooMuch = (): Failure =>
  new Failure('agent.protocol', 'The agent answered more than it may.');

export const openAgentConnection = (place: AgentPlace): AgentConnection => {
  const { pin, answerMsMax, answerBytesMax } = place;
  const connectMs = place.connectMsMax ?? CONNECT_MS_MAX;
  // One connection to one place: an agent of the library, which keeps pools, would cost more than the request.
  const client = new Client(place.callbackUrl, {
    connect: pin === null ? { timeout: connectMs } : pinnedConnector(pin, place),
    headersTimeout: answerMsMax,
    bodyTimeout: answerMsMax,
  });

  const readText = async (body: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > answerBytesMax) throw answeredTooMuch();
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (isUtf8(bytes)) return bytes.toString('utf8');
    throw new Failure('agent.protocol', 'The agent answered bytes that are no text.');
  };

  const forget = async (body: AsyncIterable<Buffer>): Promise<undefined> => {
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > answerBytesMax) throw answeredTooMuch();
    }
    return undefined;
  };

  /** No redirects: an answer that points elsewhere is an answer that we do not follow. */
  const call = async <T>(
    options: Dispatcher.RequestOptions,
    read: (body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<{ readonly status: number; readonly content: T }> => {
    try {
      const response = await client.request(options);
      const content = await read(response.body as AsyncIterable<Buffer>);
      return { status: response.statusCode, content };
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure('agent.unreachable', 'The agent does not answer.', {
        isRetryable: true,
        cause: error,
      });
    }
  };

  return {
    exchange: async (method, target, more = {}) => {
      const { status, content } = await call(
        {
          method,
          path: target,
          headers: { 'content-type': 'application/json', ...more.headers },
          body: more.body ?? null,
        },
        readText,
      );
      return { status, body: parse(content) };
    },
    ask: async (target, headers = {}) =>
      (await call({ method: 'GET', path: target, headers }, forget)).status,
    close: () => client.close(),
  };
};
