// As much of Keystone's API as the tests need to put people into it, as its administrator.

import { ADMIN, loginOf } from './keystone-login.ts';

export type KeystoneApi = {
  /** The `id` of what was made. */
  readonly create: (kind: string, facts: object) => Promise<string>;
  // oxlint-disable-next-line typescript/no-explicit-any -- replies of any shape
  readonly ask: (method: string, path: string, body?: unknown) => Promise<any>;
};

const SINGULAR: { readonly [kind: string]: string } = {
  projects: 'project',
  roles: 'role',
  users: 'user',
  services: 'service',
  endpoints: 'endpoint',
};

export const makeKeystoneApi = async (url: string): Promise<KeystoneApi> =>
  keystoneApiOf(url, (await loginOf(url, ADMIN)).token);

export const keystoneApiOf = (url: string, token: string): KeystoneApi => {
  const ask: KeystoneApi['ask'] = async (method, path, body) => {
    const response = await fetch(`${url}/v3${path}`, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Keystone: ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    ask,
    create: async (kind, facts) => {
      const word = SINGULAR[kind] ?? kind;
      const answer = await ask('POST', `/${kind}`, { [word]: facts });
      return answer[word].id;
    },
  };
};
