// A login at Keystone with a password, as any client does it.

import type { Scope } from './people.ts';

export type KeystoneLogin = {
  readonly name: string;
  readonly password: string;
  /** Undefined: a token without roles. */
  readonly scope: Scope | undefined;
};

export const ADMIN: KeystoneLogin = {
  name: 'admin',
  password: 'pw-admin',
  scope: { system: 'all' },
};

const DOMAIN = { id: 'default' };

const scopeOf = (scope: Scope): object =>
  'system' in scope
    ? { system: { all: true } }
    : { project: { name: scope.project, domain: DOMAIN } };

export type Issued = {
  readonly token: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- as Keystone tells it
  readonly facts: any;
};

/** `url` without `/v3`; `auth` as Keystone takes it. Throws when Keystone refuses. */
export const loginWith = async (url: string, auth: object): Promise<Issued> => {
  const response = await fetch(`${url}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth }),
  });
  const text = await response.text();
  const token = response.headers.get('x-subject-token');
  if (token === null) throw new Error(`Keystone refused a login: ${response.status} ${text}`);
  return { token, facts: JSON.parse(text).token };
};

export const loginOf = (url: string, { name, password, scope }: KeystoneLogin): Promise<Issued> => {
  const identity = {
    methods: ['password'],
    password: { user: { name, password, domain: DOMAIN } },
  };
  return loginWith(url, { identity, ...(scope === undefined ? {} : { scope: scopeOf(scope) }) });
};

export const credentialIdentity = (credential: {
  readonly id: string;
  readonly secret: string;
}): object => ({
  identity: {
    methods: ['application_credential'],
    application_credential: { id: credential.id, secret: credential.secret },
  },
});
