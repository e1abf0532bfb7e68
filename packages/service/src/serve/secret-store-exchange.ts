// How secret stores are reached over HTTP: one server, its own authority, one limit over all of an answer.

import { Agent, errors, request } from 'undici';

import { AnswerTooLong, readBounded } from '@bessemer/protocol/read-bounded';

import type { Answered, Exchange } from '#trust/secret-store/exchange';
import { storeFailure } from '#trust/secret-store/store-failure';

export type ExchangeOptions = {
  /** What it is called in failures, as `Vault`. */
  readonly name: string;
  /** HTTPS, or HTTP to a loopback address. */
  readonly url: string;
  /** PEM of the authority of its certificate; those of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly timeoutMs: number;
};

/** Lists of a hundred secrets are some 50 KiB. */
const ANSWER_BYTES_MAX = 4 * 1_024 * 1_024;
/** Rotations at the same time; more wait in the client, within the same limit. */
const CONNECTIONS_MAX = 16;
const LOOPBACK_PATTERN = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;
const CERTIFICATE_PATTERN = /CERT|SIGNATURE|ERR_TLS|ERR_SSL/;

const codeOf = (error: unknown): string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
};

const baseOf = ({ name, url }: ExchangeOptions): string => {
  const parsed = new URL(url);
  const isPrivate = parsed.protocol === 'https:' || LOOPBACK_PATTERN.test(parsed.hostname);
  if (!isPrivate || parsed.username !== '' || parsed.password !== '') {
    throw new Error(`the URL of ${name} must be https, or on loopback, without a user in it`);
  }
  return url.replace(/\/+$/, '');
};

export const makeExchange = (
  options: ExchangeOptions,
): { readonly ask: Exchange; readonly close: () => Promise<void> } => {
  const { name, authorityPem, timeoutMs } = options;
  const base = baseOf(options);
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, ...(authorityPem === undefined ? {} : { ca: authorityPem }) },
    connections: CONNECTIONS_MAX,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const ask: Exchange = async ({ method, path, headers, body }) => {
    try {
      const answer = await request(`${base}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        dispatcher,
        // A peer that sends a byte now and then would keep to the other limits for ever.
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await readBounded(answer.body, ANSWER_BYTES_MAX);
      const answered: Answered = { status: answer.statusCode, headers: answer.headers, text };
      return answered;
    } catch (error) {
      if (error instanceof AnswerTooLong || error instanceof errors.HTTPParserError) {
        throw storeFailure('protocol', `${name} answered something that cannot be read.`, error);
      }
      if (CERTIFICATE_PATTERN.test(codeOf(error))) {
        throw storeFailure('certificate', `The certificate of ${name} is not trusted.`, error);
      }
      throw storeFailure('away', `${name} does not answer, or not in time.`, error);
    }
  };
  return { ask, close: () => dispatcher.destroy() };
};
