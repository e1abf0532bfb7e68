// Asks Keystone about tokens, with a token of our own that is renewed when it ends or is revoked.

import { Agent, type Dispatcher, errors, request } from 'undici';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { readBounded } from '@bessemer/protocol/read-bounded';

import type { Clock } from '#clock';
import type { KeystoneAccount } from './login.ts';
import { away } from './keystone-away.ts';
import { makeOwnToken, type OwnToken } from './own-token.ts';
import { readTokenFacts, type TokenFacts, TokenUnreadable } from './token-facts.ts';

export type KeystoneOptions = {
  /** With or without `/v3`. */
  readonly authUrl: string;
  readonly account: KeystoneAccount;
  /** PEM of the authority of its certificate; those of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly timeoutMs: number;
};

export type KeystoneClient = {
  /** Undefined for a token that is none, or is not valid any more. Throws KeystoneAway. */
  readonly validate: (
    token: string,
    options: { readonly isExpiredAllowed: boolean },
  ) => Promise<TokenFacts | undefined>;
  /** Throws KeystoneAway; for telling at the start that the account is wrong. */
  readonly login: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Of one token without catalog; a user with hundreds of roles needs less. */
const ANSWER_BYTES_MAX = 1_024 * 1_024;
/** Validations at the same time; more wait in the client, bounded by its caller. */
const CONNECTIONS_MAX = 16;

export type Answer = {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: JsonObject | undefined;
};

const readBody = async (body: AsyncIterable<Buffer>): Promise<JsonObject | undefined> => {
  const text = await readBounded(body, ANSWER_BYTES_MAX);
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Proxies in front of it answer with pages.
    return undefined;
  }
};

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

type Asked = {
  readonly method: 'GET' | 'POST';
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
};

/** A kept connection that the other side has just closed: nothing was asked yet. */
const isStaleConnection = (error: unknown): boolean =>
  error instanceof errors.SocketError ||
  (error as { readonly code?: unknown }).code === 'ECONNRESET';

export const makeKeystoneClient = (
  { authUrl, account, authorityPem, timeoutMs }: KeystoneOptions,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): KeystoneClient => {
  const tokensUrl = `${authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3/auth/tokens?nocatalog`;
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, ...(authorityPem === undefined ? {} : { ca: authorityPem }) },
    connections: CONNECTIONS_MAX,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  const exchange = async (target: string, options: Asked): Promise<Answer> => {
    // One limit over all: a peer that sends a byte now and then would keep to the others for ever.
    const signal = AbortSignal.timeout(timeoutMs);
    const once = async (): Promise<Answer> => {
      const answer = await request(target, { ...options, dispatcher, signal });
      const body = await readBody(answer.body);
      return { status: answer.statusCode, headers: answer.headers, body };
    };
    try {
      return await once().catch((error: unknown) => {
        if (isStaleConnection(error)) return once();
        throw error;
      });
    } catch (error) {
      throw away('Keystone does not answer', error);
    }
  };

  const own = makeOwnToken(
    account,
    (body) => exchange(tokensUrl, { method: 'POST', headers: JSON_HEADERS, body }),
    clock,
  );

  const askAs = (asker: OwnToken, token: string, isExpiredAllowed: boolean): Promise<Answer> =>
    exchange(isExpiredAllowed ? `${tokensUrl}&allow_expired=1` : tokensUrl, {
      method: 'GET',
      headers: {
        'x-auth-token': asker.token.reveal(),
        'x-subject-token': token,
        accept: 'application/json',
      },
    });

  return {
    validate: async (token, { isExpiredAllowed }) => {
      const asker = await own.current();
      let answer = await askAs(asker, token, isExpiredAllowed);
      if (answer.status === 401) {
        // Our own token is revoked before its end: as after a change of its password, or of the keys of Keystone.
        answer = await askAs(await own.after(asker), token, isExpiredAllowed);
      }
      const { status, body } = answer;
      if (status === 404) return undefined;
      if (status !== 200) throw away(`Keystone answered ${status} when asked about a token`);
      try {
        return readTokenFacts(body);
      } catch (error) {
        if (error instanceof TokenUnreadable) throw away(error.message);
        throw error;
      }
    },
    login: async () => {
      await own.current();
    },
    close: () => dispatcher.destroy(),
  };
};
