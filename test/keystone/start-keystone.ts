// A real Keystone (Debian's, on SQLite) for one test file: bootstrapped, with the people of `people.ts` in it, on a free
// loopback port. What is slow about it (schema, bootstrap, people) is done once and kept in the cache; each start
// copies it.

import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cacheDirectory } from '@bessemer/protocol/paths';

import { freePort } from '../../packages/lab/src/free-ports.ts';
import { type KeystoneApi, keystoneApiOf, makeKeystoneApi } from './keystone-api.ts';
import { credentialIdentity, type Issued, loginOf, loginWith } from './keystone-login.ts';
import {
  copyKeystoneDirectory,
  type KeystoneProcess,
  makeKeystoneDirectory,
  serveKeystone,
  serveShortTokens,
} from './keystone-process.ts';
import { passwordOf, PEOPLE, PROJECTS, requirePerson, ROLES, type Scope } from './people.ts';

export type Keystone = {
  /** Without `/v3`; the same after `goDown` and `comeBack`. */
  readonly url: string;
  readonly api: KeystoneApi;
  /** Ids of the projects of `people.ts`. */
  readonly projectIds: { readonly [name: string]: string };
  /** Of a person of `people.ts`, in its scope unless another is asked; null: no scope. */
  readonly login: (name: string, scope?: Scope | null) => Promise<Issued>;
  /** The same, for a token that ends after so many seconds. */
  readonly loginShortly: (name: string, tokenSeconds: number) => Promise<Issued>;
  /** `accessRules`: what it is good for only. */
  readonly makeApplicationCredential: (
    name: string,
    accessRules?: readonly object[],
  ) => Promise<{ readonly id: string; readonly secret: string }>;
  readonly loginByCredential: (credential: {
    readonly id: string;
    readonly secret: string;
  }) => Promise<Issued>;
  /** What `openstack` needs to log in as a person. */
  readonly environmentOf: (name: string) => { readonly [variable: string]: string };
  /** In the catalog, so that `openstack baremetal` finds it. */
  readonly registerBaremetal: (url: string) => Promise<void>;
  /** `--set` options of a service that uses this Keystone; `passwordFile` must hold `passwordOf('ironic')`. */
  readonly settings: (passwordFile: string) => readonly string[];
  readonly goDown: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const REGION = 'RegionOne';

const versionOf = (name: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('dpkg-query', ['-W', '-f', '${Version}', name], (error, out) => {
      if (error === null) resolve(out);
      else reject(new Error(`the Debian package ${name} is missing: ${error.message}`));
    });
  });

const putPeopleInto = async (api: KeystoneApi): Promise<void> => {
  const { roles } = await api.ask('GET', '/roles');
  const roleIds = new Map<string, string>(
    roles.map(({ name, id }: { readonly name: string; readonly id: string }) => [name, id]),
  );
  for (const name of ROLES) roleIds.set(name, await api.create('roles', { name }));
  const implies = (role: string, implied: string): Promise<unknown> =>
    api.ask('PUT', `/roles/${roleIds.get(role)}/implies/${roleIds.get(implied)}`);
  await implies('admin', 'manager');
  await implies('manager', 'member');
  const projectIds = new Map<string, string>();
  for (const name of PROJECTS) projectIds.set(name, await api.create('projects', { name }));
  for (const { name, role, scope } of PEOPLE) {
    const user = await api.create('users', { name, password: passwordOf(name) });
    const place = 'system' in scope ? 'system' : `projects/${projectIds.get(scope.project)}`;
    await api.ask('PUT', `/${place}/users/${user}/roles/${roleIds.get(role)}`);
  }
  const type = 'baremetal';
  const service = await api.create('services', { type, name: type });
  const endpoint = { service_id: service, interface: 'public', region: REGION };
  await api.create('endpoints', { ...endpoint, url: 'http://127.0.0.1' });
};

/** Where a Keystone with people in it lies, ready to be copied. */
export const findTemplate = async (): Promise<string> => {
  const digest = createHash('sha256').update(await versionOf('python3-keystone'));
  for (const name of ['people.ts', 'keystone-process.ts', 'start-keystone.ts']) {
    digest.update(await readFile(join(import.meta.dirname, name)));
  }
  const place = join(cacheDirectory(process.env), 'test');
  const template = join(place, `keystone-${digest.digest('hex').slice(0, 16)}`);
  const isThere = await access(template).then(
    () => true,
    () => false,
  );
  if (isThere) return template;
  await mkdir(place, { recursive: true });
  const made = await mkdtemp(join(tmpdir(), 'bessemer-keystone-'));
  try {
    await makeKeystoneDirectory(made);
    const server = await serveKeystone(made, 0);
    try {
      await putPeopleInto(await makeKeystoneApi(`http://127.0.0.1:${server.port}`));
    } finally {
      await server.end();
    }
    const copy = `${template}.${process.pid}`;
    await copyKeystoneDirectory(made, copy);
    // Another test file may have been faster; its template is as good.
    await rename(copy, template).catch(() => rm(copy, { recursive: true, force: true }));
    return template;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
};

const scopeVariables = (scope: Scope): { readonly [variable: string]: string } =>
  'system' in scope
    ? { OS_SYSTEM_SCOPE: scope.system }
    : { OS_PROJECT_NAME: scope.project, OS_PROJECT_DOMAIN_ID: 'default' };

const setEndpoint = async (api: KeystoneApi, type: string, url: string): Promise<void> => {
  const { services } = await api.ask('GET', `/services?type=${type}`);
  const { endpoints } = await api.ask('GET', `/endpoints?service_id=${services[0].id}`);
  for (const { id } of endpoints) await api.ask('PATCH', `/endpoints/${id}`, { endpoint: { url } });
};

export const startKeystone = async (): Promise<Keystone> => {
  const template = await findTemplate();
  const root = await mkdtemp(join(tmpdir(), 'bessemer-keystone-'));
  // Keystone may be another user, who has to reach what is in there.
  await chmod(root, 0o711);
  const directory = join(root, 'keystone');
  await copyKeystoneDirectory(template, directory);
  // The same port after each of its deaths.
  const port = await freePort();
  let server: KeystoneProcess | undefined = await serveKeystone(directory, port);
  const url = `http://127.0.0.1:${port}`;
  const api = await makeKeystoneApi(url);
  await setEndpoint(api, 'identity', `${url}/v3`);
  const { projects } = await api.ask('GET', '/projects');
  const goDown = async (): Promise<void> => {
    await server?.end();
    server = undefined;
  };
  const login = (at: string, name: string, scope?: Scope | null): Promise<Issued> =>
    loginOf(at, {
      name,
      password: passwordOf(name),
      scope: scope === null ? undefined : (scope ?? requirePerson(name).scope),
    });
  return {
    url,
    api,
    projectIds: Object.fromEntries(
      projects.map(({ name, id }: { readonly name: string; readonly id: string }) => [name, id]),
    ),
    login: (name, scope) => login(url, name, scope),
    loginShortly: async (name, tokenSeconds) => {
      const other = await serveShortTokens(directory, tokenSeconds);
      try {
        return await login(`http://127.0.0.1:${other.port}`, name);
      } finally {
        await other.end();
      }
    },
    makeApplicationCredential: async (name, rules) => {
      const { token, facts } = await login(url, name);
      const own = keystoneApiOf(url, token);
      const path = `/users/${facts.user.id}/application_credentials`;
      const credential = { name: randomUUID(), ...(rules && { access_rules: rules }) };
      const answer = await own.ask('POST', path, { application_credential: credential });
      return answer.application_credential;
    },
    loginByCredential: (credential) => loginWith(url, credentialIdentity(credential)),
    environmentOf: (name) => ({
      OS_AUTH_TYPE: 'password',
      OS_AUTH_URL: `${url}/v3`,
      OS_IDENTITY_API_VERSION: '3',
      OS_REGION_NAME: REGION,
      OS_USERNAME: name,
      OS_USER_DOMAIN_ID: 'default',
      OS_PASSWORD: passwordOf(name),
      ...scopeVariables(requirePerson(name).scope),
    }),
    registerBaremetal: (baremetal) => setEndpoint(api, 'baremetal', baremetal),
    settings: (passwordFile) => [
      'DEFAULT.auth_strategy=keystone',
      `keystone_authtoken.auth_url=${url}`,
      `keystone_authtoken.password_file=${passwordFile}`,
    ],
    goDown,
    comeBack: async () => {
      server ??= await serveKeystone(directory, port);
    },
    stop: async () => {
      await goDown();
      await rm(root, { recursive: true, force: true });
    },
  };
};
