// One question to an agent over a connection that lives for it only, as a sweep over thousands of agents asks. The same
// promises as agent-connection.ts: TLS to exactly the key of the session, compared before the first byte of the request.
// An HTTP client library costs half as much again as the handshake itself, and leaves memory to be collected that a
// sweep then fills faster than it is emptied; one GET needs none of what it is good for.

import { connect, createSecureContext, type SecureContext } from 'node:tls';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';

import type { AgentPlace } from './agent-connection.ts';
import { makeAnswerReader, type RawAnswer } from './http-answer.ts';
import { isPinnedPeer } from './pinned-peer.ts';

const CONNECT_MS_MAX = 10_000;

/** Made once: a context for each connection would cost more than the handshake. */
let plainContext: SecureContext | undefined;

const contextOf = ({ identity }: Pick<AgentPlace, 'identity'>): SecureContext =>
  identity?.context ?? (plainContext ??= createSecureContext({ ca: [] }));

const unreachable = (cause: unknown): Failure =>
  new Failure('agent.unreachable', 'The agent does not answer.', { isRetryable: true, cause });

const keyMismatch = (): Failure =>
  new Failure('agent.key-mismatch', 'The agent shows another TLS key than the one it was given.');

export type AgentQuestion = Omit<AgentPlace, 'pin'> & {
  readonly pin: string;
  readonly clock: Clock;
  /** Path and query. */
  readonly target: string;
  readonly headers?: { readonly [name: string]: string };
};

/** Throws `Failure`; `agent.unreachable` is the retryable one. */
export const askAgent = (question: AgentQuestion): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { clock, pin, answerMsMax, answerBytesMax, connectMsMax = CONNECT_MS_MAX } = question;
    const { hostname, port, host } = new URL(question.callbackUrl);
    const reader = makeAnswerReader(answerBytesMax);
    const socket = connect({
      host: hostname.replaceAll(/^\[|\]$/g, ''),
      port: Number(port),
      secureContext: contextOf(question),
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      servername: '',
    });

    let cancel = clock.after(connectMsMax, () => fail(unreachable(new Error('no connection'))));
    let isOver = false;
    const over = (): boolean => {
      if (isOver) return true;
      isOver = true;
      cancel();
      return false;
    };
    const fail = (error: unknown): void => {
      if (over()) return;
      socket.destroy();
      reject(error instanceof Failure ? error : unreachable(error));
    };
    const succeed = (answer: RawAnswer): void => {
      if (over()) return;
      socket.destroy();
      resolve(answer);
    };
    const attempt = (work: () => RawAnswer | undefined): void => {
      try {
        const answer = work();
        if (answer !== undefined) succeed(answer);
      } catch (error) {
        fail(error);
      }
    };

    socket.on('error', fail);
    socket.once('secureConnect', () => {
      if (isOver) return;
      if (!isPinnedPeer(socket, pin)) {
        fail(keyMismatch());
        return;
      }
      cancel();
      cancel = clock.after(answerMsMax, () => fail(unreachable(new Error('no answer'))));
      socket.write(requestText(question, host));
    });
    socket.on('data', (bytes: Buffer) => {
      if (!isOver) attempt(() => reader.push(bytes));
    });
    socket.once('end', () => {
      if (!isOver) attempt(reader.end);
    });
    socket.once('close', () => fail(new Error('the connection was closed')));
  });

const requestText = (
  { target, headers = {} }: Pick<AgentQuestion, 'target' | 'headers'>,
  host: string,
): string => {
  const lines = Object.entries({ host, connection: 'close', ...headers });
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `GET ${target} HTTP/1.1\r\n${text}\r\n`;
};
