// Asks Keystone about tokens, with a token of our own that is renewed when it ends or is revoked.

import { Agent, type Dispatcher, request } from 'undici';

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { Clock } from '#clock';
import { Secret } from '#trust/secret';

import { type KeystoneAccount, loginBody } from './login.ts';
import { readTokenFacts, type TokenFacts, TokenUnreadable } from './token-facts.ts';

export type KeystoneOptions = {
  /** With or without `/v3`. */
  readonly authUrl: string;
  readonly account: KeystoneAccount;
  /** PEM of the authority of its certificate; those of the system when undefined. */
  readonly authorityPem: string | undefined;
  readonly timeoutMs: number;
};

/** We do not know whether the token is good: Keystone cannot be asked now, or does not let us ask. */
export class KeystoneAway extends Error {}

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
/** Clocks differ, and a call takes a while. */
const RENEW_MS = 60_000;
/** Validations at the same time; more wait in the client, bounded by its caller. */
const CONNECTIONS_MAX = 16;

type Answer = {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: JsonObject | undefined;
};
type OwnToken = { readonly token: Secret<string>; readonly expiresMs: number };

const readBody = async (body: AsyncIterable<Buffer>): Promise<JsonObject | undefined> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Proxies in front of it answer with pages.
    return undefined;
  }
};

const away = (what: string, cause?: unknown): KeystoneAway =>
  new KeystoneAway(
    cause instanceof Error ? `${what}: ${cause.message}` : what,
    cause === undefined ? {} : { cause },
  );

export const makeKeystoneClient = (
  { authUrl, account, authorityPem, timeoutMs }: KeystoneOptions,
  clock: Pick<Clock, 'wallMs'>,
): KeystoneClient => {
  const tokensUrl = `${authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3/auth/tokens`;
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, ...(authorityPem === undefined ? {} : { ca: authorityPem }) },
    connections: CONNECTIONS_MAX,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  let own: Promise<OwnToken> | undefined;

  const exchange = async (
    target: string,
    options: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
  ): Promise<Answer> => {
    try {
      // One limit over all: a peer that sends a byte now and then would keep to the others for ever.
      const signal = AbortSignal.timeout(timeoutMs);
      const { statusCode, headers, body } = await request(target, {
        ...options,
        dispatcher,
        signal,
      });
      return { status: statusCode, headers, body: await readBody(body) };
    } catch (error) {
      throw away('Keystone does not answer', error);
    }
  };

  const login = async (): Promise<OwnToken> => {
    const body = await loginBody(account).catch((error: unknown) => {
      throw away('the secret of the account cannot be read', error);
    });
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const answer = await exchange(`${tokensUrl}?nocatalog`, { method: 'POST', headers, body });
    const token = answer.headers['x-subject-token'];
    const { expires_at: expires } = (answer.body?.['token'] ?? {}) as JsonObject;
    if (answer.status !== 201 || typeof token !== 'string' || typeof expires !== 'string') {
      throw away(`Keystone refused the login of this service with ${answer.status}`);
    }
    return { token: new Secret(token), expiresMs: Date.parse(expires) };
  };

  /** Logins at the same time are one; a failed one is forgotten at once. */
  const renew = (): Promise<OwnToken> => {
    const mine = login();
    own = mine;
    mine.catch(() => {
      if (own === mine) own = undefined;
    });
    return mine;
  };

  const currentToken = async (): Promise<OwnToken> => {
    const mine = own;
    if (mine === undefined) return renew();
    const { expiresMs } = await mine;
    if (expiresMs - RENEW_MS > clock.wallMs()) return mine;
    return own === mine || own === undefined ? renew() : own;
  };

  const ask = (token: string, asker: OwnToken, isExpiredAllowed: boolean): Promise<Answer> =>
    exchange(`${tokensUrl}?nocatalog${isExpiredAllowed ? '&allow_expired=1' : ''}`, {
      method: 'GET',
      headers: {
        'x-auth-token': asker.token.reveal(),
        'x-subject-token': token,
        accept: 'application/json',
      },
    });

  const askRenewing = async (token: string, isExpiredAllowed: boolean): Promise<Answer> => {
    const asker = await currentToken();
    const answer = await ask(token, asker, isExpiredAllowed);
    if (answer.status !== 401) return answer;
    // Our own token is revoked before its end: as after a change of its password, or of the keys of Keystone.
    const known = own === undefined ? undefined : await own;
    return ask(
      token,
      known === asker || known === undefined ? await renew() : known,
      isExpiredAllowed,
    );
  };

  return {
    validate: async (token, { isExpiredAllowed }) => {
      const { status, body } = await askRenewing(token, isExpiredAllowed);
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
      await currentToken();
    },
    close: () => dispatcher.destroy(),
  };
};
