// Mode `keystone`: the token in X-Auth-Token is validated by Keystone. An expired token passes where a service vouches
// for it with X-Service-Token: long operations outlive the tokens that they began with. When Keystone cannot be asked,
// nobody gets in that was not known before.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import type { Authenticate, Authentication } from '../../authenticate.ts';
import { KeystoneAway } from './keystone-away.ts';
import type { KeystoneClient } from './keystone-client.ts';
import { type TokenCache, tokenKey, TooManyQuestions } from './token-cache.ts';
import type { TokenFacts } from './token-facts.ts';

export type KeystoneParts = {
  readonly keystone: Pick<KeystoneClient, 'validate'>;
  readonly cache: TokenCache;
  /** What clients without a token are told. */
  readonly publicUrl: string;
  readonly serviceRoles: readonly string[];
  /** Whether a service token without one of the roles is refused. */
  readonly isServiceRoleRequired: boolean;
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  readonly log: Pick<Log, 'error'>;
};

/** Headers cannot hold more, and nothing else may be in a header of ours. */
const TOKEN_PATTERN = /^[\x21-\x7e]{1,12288}$/;
/** Each failed request would be a line otherwise. */
const COMPLAIN_MS = 30_000;

const refused = (
  status: number,
  title: string,
  message: string,
  headers: { readonly [name: string]: string } = {},
): Authentication => ({
  outcome: 'refused',
  status,
  headers,
  body: JSON.stringify({ error: { message, code: status, title } }),
});

type Asked = { readonly token: string; readonly isExpiredAllowed: boolean };

export const authenticateKeystone = (parts: KeystoneParts): Authenticate => {
  const { keystone, cache, publicUrl, clock, log } = parts;
  const unauthorized = refused(
    401,
    'Unauthorized',
    'The request you have made requires authentication.',
    { 'www-authenticate': `Keystone uri="${publicUrl}"` },
  );
  const unavailable = refused(
    503,
    'Service Unavailable',
    'The Keystone service is temporarily unavailable.',
  );
  let complainedMs: number | undefined;

  const isOver = (facts: TokenFacts, { isExpiredAllowed }: Asked): boolean =>
    !isExpiredAllowed && facts.expiresMs <= clock.wallMs();

  /** At once when it is known; null for a bad token, a promise when Keystone has to be asked. */
  const look = (asked: Asked): TokenFacts | null | Promise<TokenFacts | null> => {
    const key = tokenKey(asked.token, asked.isExpiredAllowed);
    const known = cache.find(key);
    if (known !== undefined) return known === null || isOver(known, asked) ? null : known;
    const { token, isExpiredAllowed } = asked;
    return cache
      .ask(key, () => keystone.validate(token, { isExpiredAllowed }))
      .then((facts) => (facts === undefined || isOver(facts, asked) ? null : facts));
  };

  const failed = (error: unknown): Authentication => {
    if (error instanceof TooManyQuestions) return unavailable;
    if (!(error instanceof KeystoneAway)) throw error;
    const nowMs = clock.monotonicMs();
    if (complainedMs === undefined || nowMs - complainedMs >= COMPLAIN_MS) {
      complainedMs = nowMs;
      log.error({ reason: error.message }, 'tokens cannot be validated; requests are answered 503');
    }
    return unavailable;
  };

  const accepted = (user: TokenFacts, service?: TokenFacts): Authentication => ({
    outcome: 'accepted',
    user: user.credentials.user_id,
    credentials:
      service === undefined
        ? user.credentials
        : {
            ...user.credentials,
            service_user_id: service.credentials.user_id,
            service_project_id: service.credentials.project_id,
            service_roles: service.credentials.roles,
          },
  });

  const withService = async (token: string, serviceToken: string): Promise<Authentication> => {
    const service = await look({ token: serviceToken, isExpiredAllowed: false });
    if (service === null) return unauthorized;
    const { roles } = service.credentials;
    const hasRole = parts.serviceRoles.some((role) => roles.includes(role.toLowerCase()));
    if (!hasRole && parts.isServiceRoleRequired) return unauthorized;
    const user = await look({ token, isExpiredAllowed: true });
    return user === null ? unauthorized : accepted(user, service);
  };

  return (headers) => {
    const token = headers['x-auth-token'];
    const serviceToken = headers['x-service-token'];
    if (typeof token !== 'string' || !TOKEN_PATTERN.test(token)) return unauthorized;
    if (serviceToken !== undefined) {
      return typeof serviceToken === 'string' && TOKEN_PATTERN.test(serviceToken)
        ? withService(token, serviceToken).catch(failed)
        : unauthorized;
    }
    const found = look({ token, isExpiredAllowed: false });
    const answer = (facts: TokenFacts | null): Authentication =>
      facts === null ? unauthorized : accepted(facts);
    return found instanceof Promise ? found.then(answer).catch(failed) : answer(found);
  };
};
