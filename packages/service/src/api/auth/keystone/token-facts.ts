// What Keystone says about a token, as far as access depends on it.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { type Credentials, credentialsOfToken } from '#policy/credentials';

export type TokenFacts = {
  readonly credentials: Credentials;
  readonly expiresMs: number;
};

/** An answer of Keystone that is not about a token; never a reason to let somebody in. */
export class TokenUnreadable extends Error {}

const objectIn = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});

const textIn = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

const roleNames = (value: JsonValue | undefined): readonly string[] =>
  (Array.isArray(value) ? value : [])
    .map((role) => textIn(objectIn(role)['name']))
    .filter((name) => name !== null);

/** The body of `GET /v3/auth/tokens`; undefined for a token that is not for us. Throws TokenUnreadable. */
export const readTokenFacts = (body: unknown): TokenFacts | undefined => {
  const token = isJsonObject(body) ? body['token'] : undefined;
  if (!isJsonObject(token)) throw new TokenUnreadable('Keystone answered without a token');
  // Bound to a client certificate, which we have not seen.
  if (token['oauth2_credential'] !== undefined) return undefined;
  const user = objectIn(token['user']);
  const userId = textIn(user['id']);
  const expiresMs = Date.parse(textIn(token['expires_at']) ?? '');
  if (userId === null || Number.isNaN(expiresMs)) {
    throw new TokenUnreadable('Keystone answered with a token without user or end');
  }
  const project = objectIn(token['project']);
  return {
    expiresMs,
    credentials: credentialsOfToken({
      user_id: userId,
      user_domain_id: textIn(objectIn(user['domain'])['id']),
      project_id: textIn(project['id']),
      project_name: textIn(project['name']),
      project_domain_id: textIn(objectIn(project['domain'])['id']),
      domain_id: textIn(objectIn(token['domain'])['id']),
      system_scope: objectIn(token['system'])['all'] === true ? 'all' : null,
      is_admin_project: token['is_admin_project'] !== false,
      roles: roleNames(token['roles']),
    }),
  };
};
