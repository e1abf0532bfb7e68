// How the service itself logs in to Keystone, with the right to validate the tokens of others.

import type { JsonObject } from '@bessemer/protocol/json';

import type { Secret } from '#trust/secret';

export type KeystoneScope =
  | { readonly kind: 'system' }
  | { readonly kind: 'project'; readonly name: string; readonly domainName: string };

export type KeystoneAccount =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly userDomainName: string;
      readonly scope: KeystoneScope;
      /** Asked at each login: an operator may have changed it. */
      readonly secret: () => Promise<Secret<string>>;
    }
  | {
      readonly kind: 'application-credential';
      readonly id: string;
      readonly secret: () => Promise<Secret<string>>;
    };

const scopeBody = (scope: KeystoneScope): JsonObject =>
  scope.kind === 'system'
    ? { system: { all: true } }
    : { project: { name: scope.name, domain: { name: scope.domainName } } };

/** For `POST /v3/auth/tokens`. */
export const loginBody = async (account: KeystoneAccount): Promise<string> => {
  const secret = (await account.secret()).reveal();
  if (account.kind === 'application-credential') {
    // It has its scope in itself; Keystone refuses one that is asked for.
    const credential = { id: account.id, secret };
    const identity = { methods: ['application_credential'], application_credential: credential };
    return JSON.stringify({ auth: { identity } });
  }
  const user = {
    name: account.username,
    domain: { name: account.userDomainName },
    password: secret,
  };
  const identity = { methods: ['password'], password: { user } };
  return JSON.stringify({ auth: { identity, scope: scopeBody(account.scope) } });
};
