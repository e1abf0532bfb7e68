// Redfish to a service whose certificate was told beforehand, by the BMC itself and over a wire that is the machine's own.
// It is compared before the first byte of a request: no password goes to anybody else.

import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { CommandFailure } from '../../command-failure.ts';

export type PinnedRedfish = {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the whole certificate. */
  readonly fingerprint: Buffer;
  /** Of a login that is good for this once. */
  readonly username: string;
  readonly password: string;
  /** Ends all that is asked of it: each byte that comes in time would keep one question alive for ever. */
  readonly end: AbortSignal;
};

export type RedfishAnswer = { readonly status: number; readonly body: JsonObject };

const ANSWER_MS_MAX = 20_000;
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Throws CommandExecutionError; its text has nothing of what was sent. */
export const askRedfish = async (
  service: PinnedRedfish,
  method: string,
  path: string,
  body?: JsonObject,
): Promise<RedfishAnswer> => {
  const socket = await connectPinned(service);
  const { username, password } = service;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    Host: service.host,
    Accept: 'application/json',
    Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }),
    Connection: 'close',
  };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      socket.destroy();
      reject(failed(`${method} ${path}: ${why}`));
    };
    socket.once(
      'close',
      onEnd(service.end, () => fail(OVER)),
    );
    const sent = httpRequest({ method, path, headers, createConnection: () => socket });
    sent.setTimeout(ANSWER_MS_MAX, () => fail('no answer in time'));
    sent.once('error', (error) => fail(error.message));
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > ANSWER_BYTES_MAX) fail('the answer is too long');
      });
      // Also after its end, when nobody waits any more.
      response.once('close', () => fail('the answer was cut off'));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: objectIn(text) }),
      );
    });
    sent.end(payload);
  });
};

/** Many changes are answered with nothing. */
const objectIn = (text: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
};

const OVER = 'all of it took too long';

/** Calls `work` when it ends, or at once where it is over; answers with what makes it forget that. */
const onEnd = (end: AbortSignal, work: () => void): (() => void) => {
  if (end.aborted) work();
  else end.addEventListener('abort', work, { once: true });
  return () => end.removeEventListener('abort', work);
};

const connectPinned = ({ host, port, fingerprint, end }: PinnedRedfish): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: ANSWER_MS_MAX });
    const fail = (why: string): void => {
      socket.destroy();
      reject(failed(why));
    };
    const forget = onEnd(end, () => fail(OVER));
    socket.once('close', forget);
    socket.once('error', (error) => fail(error.message));
    socket.once('timeout', () => fail('it does not answer'));
    socket.once('secureConnect', () => {
      forget();
      const { raw } = socket.getPeerCertificate();
      if (createHash('sha256').update(raw).digest().equals(fingerprint)) resolve(socket);
      else fail('it has another certificate than the BMC says');
    });
  });

const failed = (why: string): CommandFailure =>
  new CommandFailure('CommandExecutionError', `the Redfish service inside of the machine: ${why}`);
