// What Vault is spoken to with: a token from a file, or one for which an AppRole logs in. It is renewed when two thirds
// of its life are over, and replaced when it is refused.

import type { Clock } from '#clock';

import { Secret } from '../secret.ts';
import { type Answered, type Exchange, fieldOf, jsonOf, unexpected } from './exchange.ts';

export type VaultLogin =
  /** Read again when it is refused: an agent of Vault may keep it fresh there. */
  | { readonly kind: 'token'; readonly token: () => Promise<Secret<string>> }
  | {
      readonly kind: 'approle';
      /** Where the method is mounted, usually `approle`. */
      readonly mount: string;
      readonly roleId: string;
      readonly secretId: () => Promise<Secret<string>>;
    };

type Held = {
  readonly token: Secret<string>;
  readonly isRenewable: boolean;
  /** Infinity for one that does not end. */
  readonly renewMs: number;
  readonly endMs: number;
};

export type VaultTokens = {
  readonly current: () => Promise<Secret<string>>;
  /** The one after `refused`; undefined when there is no other. */
  readonly after: (refused: Secret<string>) => Promise<Secret<string> | undefined>;
};

const SECOND_MS = 1_000;
const RENEW_AFTER = 2 / 3;
/** Vault locks accounts that are often wrong; each power status would be a try. */
const REFUSED_MS = 5_000;

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

export const makeVaultTokens = (
  login: VaultLogin,
  exchange: Exchange,
  clock: Pick<Clock, 'monotonicMs'>,
): VaultTokens => {
  let held: Held | undefined;
  let underWay: Promise<Held> | undefined;
  let refusal: { readonly error: unknown; readonly untilMs: number } | undefined;

  const heldFrom = (token: Secret<string>, lifeSeconds: number, isRenewable: boolean): Held => {
    const nowMs = clock.monotonicMs();
    // 0 is a root token, which does not end.
    const lifeMs = lifeSeconds === 0 ? Infinity : lifeSeconds * SECOND_MS;
    return { token, isRenewable, renewMs: nowMs + lifeMs * RENEW_AFTER, endMs: nowMs + lifeMs };
  };

  const readAuth = (answer: Answered): Held | undefined => {
    const auth = fieldOf(jsonOf(answer, 'Vault'), 'auth');
    const token = fieldOf(auth, 'client_token');
    if (typeof token !== 'string') return undefined;
    const lifeSeconds = numberOr(fieldOf(auth, 'lease_duration'), 0);
    return heldFrom(new Secret(token), lifeSeconds, fieldOf(auth, 'renewable') === true);
  };

  const begin = async (): Promise<Held> => {
    if (login.kind === 'token') {
      const token = await login.token();
      const answer = await exchange({
        method: 'GET',
        path: '/v1/auth/token/lookup-self',
        headers: { 'x-vault-token': token.reveal() },
      });
      if (answer.status !== 200) throw unexpected(answer, 'Vault');
      const data = fieldOf(jsonOf(answer, 'Vault'), 'data');
      return heldFrom(
        token,
        numberOr(fieldOf(data, 'ttl'), 0),
        fieldOf(data, 'renewable') === true,
      );
    }
    const secretId = await login.secretId();
    const answer = await exchange({
      method: 'POST',
      path: `/v1/auth/${login.mount}/login`,
      body: { role_id: login.roleId, secret_id: secretId.reveal() },
    });
    // Wrong ids are a 400 there.
    const refused = answer.status === 400 ? { ...answer, status: 403 } : answer;
    const found = answer.status === 200 ? readAuth(answer) : undefined;
    if (found === undefined) throw unexpected(refused, 'Vault');
    return found;
  };

  const beginOnce = (): Promise<Held> => {
    held = undefined;
    if (refusal !== undefined && refusal.untilMs > clock.monotonicMs()) {
      return Promise.reject(refusal.error);
    }
    underWay ??= begin()
      .then((found) => (held = found))
      .catch((error: unknown) => {
        const { code } = error as { readonly code?: unknown };
        if (code === 'secret-store.unauthorised') {
          refusal = { error, untilMs: clock.monotonicMs() + REFUSED_MS };
        }
        throw error;
      })
      .finally(() => (underWay = undefined));
    return underWay;
  };

  const renew = async (old: Held): Promise<Held> => {
    const answer = await exchange({
      method: 'POST',
      path: '/v1/auth/token/renew-self',
      headers: { 'x-vault-token': old.token.reveal() },
      body: {},
    }).catch(() => undefined);
    // Not answered: the old one is good until its end.
    if (answer === undefined || answer.status >= 500) return old;
    const found = answer.status === 200 ? readAuth(answer) : undefined;
    return found === undefined ? beginOnce() : (held = found);
  };

  return {
    current: async () => {
      if (held === undefined || held.endMs <= clock.monotonicMs()) return (await beginOnce()).token;
      if (held.renewMs > clock.monotonicMs()) return held.token;
      return (await (held.isRenewable ? renew(held) : beginOnce())).token;
    },
    after: async (refused) => {
      const next = held === undefined || held.token === refused ? await beginOnce() : held;
      return next.token.reveal() === refused.reveal() ? undefined : next.token;
    },
  };
};
