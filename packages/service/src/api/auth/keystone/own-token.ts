// The token that we ask Keystone with: one login for all who wait for it, renewed before its end and when it is revoked.

import { isJsonObject } from '@bessemer/protocol/json';

import type { Clock } from '#clock';
import { Secret } from '#trust/secret';

import { away, type KeystoneAway } from './keystone-away.ts';
import type { Answer } from './keystone-client.ts';
import { type KeystoneAccount, loginBody } from './login.ts';

export type OwnToken = { readonly token: Secret<string>; readonly expiresMs: number };

export type OwnTokens = {
  /** Throws KeystoneAway. */
  readonly current: () => Promise<OwnToken>;
  /** The one after `refused`. Throws KeystoneAway. */
  readonly after: (refused: OwnToken) => Promise<OwnToken>;
};

/** Clocks differ, and a call takes a while. */
const RENEW_MS = 60_000;
/** Keystone locks accounts whose password is often wrong; each request of a user would be a try. */
const REFUSED_MS = 5_000;

export const makeOwnToken = (
  account: KeystoneAccount,
  post: (body: string) => Promise<Answer>,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): OwnTokens => {
  let held: OwnToken | undefined;
  let underWay: Promise<OwnToken> | undefined;
  let refusal: { readonly error: KeystoneAway; readonly untilMs: number } | undefined;

  const login = async (): Promise<OwnToken> => {
    if (refusal !== undefined && refusal.untilMs > clock.monotonicMs()) throw refusal.error;
    const body = await loginBody(account).catch((error: unknown) => {
      throw away('the secret of the account cannot be read', error);
    });
    const answer = await post(body);
    const token = answer.headers['x-subject-token'];
    const facts = answer.body?.['token'];
    const expires = isJsonObject(facts) ? facts['expires_at'] : undefined;
    if (answer.status === 201 && typeof token === 'string' && typeof expires === 'string') {
      return { token: new Secret(token), expiresMs: Date.parse(expires) };
    }
    const error = away(`Keystone refused the login of this service with ${answer.status}`);
    refusal = { error, untilMs: clock.monotonicMs() + REFUSED_MS };
    throw error;
  };

  const renew = (): Promise<OwnToken> => {
    held = undefined;
    underWay ??= login()
      .then((token) => (held = token))
      .finally(() => (underWay = undefined));
    return underWay;
  };

  return {
    current: async () =>
      held !== undefined && held.expiresMs - RENEW_MS > clock.wallMs() ? held : renew(),
    after: async (refused) => (held === undefined || held === refused ? renew() : held),
  };
};
