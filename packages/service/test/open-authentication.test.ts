// What the service says and refuses at its start about who may use it.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { hash } from 'bcryptjs';

import { systemClock } from '#clock';
import { type DataDirectory, openDataDirectory } from '#config/data-directory';
import { loadConfig } from '#config/load';
import { ConfigInvalid } from '#config/setting';
import type { Log } from '#observe/log';
import { type Authentication, openAuthentication } from '#serve/open-authentication';

let root: string;
let data: DataDirectory;
let said: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-authentication-'));
  data = await openDataDirectory(join(root, 'data'));
  said = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

const note = (...facts: readonly unknown[]): void => {
  said.push(
    facts.map((fact) => (typeof fact === 'string' ? fact : JSON.stringify(fact))).join(' '),
  );
};
const log = { warn: note, error: note } as unknown as Log;

const open = async (overrides: readonly string[], host = '127.0.0.1'): Promise<Authentication> => {
  const { settings } = await loadConfig({ file: undefined, environment: {}, overrides });
  return openAuthentication(settings, { data, host, clock: systemClock, log });
};

const rolesOf = async ({ authenticate }: Authentication, login: string): Promise<unknown> => {
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await authenticate({ authorization });
  return answer.outcome === 'accepted' ? answer.credentials.roles : answer.status;
};

const ADMIN_ROLES = ['admin', 'manager', 'member', 'reader'];

test('mode none is refused beyond loopback, and told on it', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    await assert.rejects(open(['DEFAULT.auth_strategy=none'], host), /accepted on loopback only/);
  }
  const { password } = await open(['DEFAULT.auth_strategy=noauth'], '::1');

  assert.equal(password, null);
  assert.match(said.join(), /auth_strategy is none: every user of this machine/);
});

test('at first start there is one administrator, and nothing to warn of', async () => {
  const authentication = await open([]);

  assert.deepEqual(await rolesOf(authentication, `admin:${authentication.password}`), ADMIN_ROLES);
  assert.deepEqual(said, []);
});

test('users without an entry are named, and have no roles', async () => {
  await open([]);
  await writeFile(data.htpasswd, `bob:${await hash('b', 4)}\n`);

  const authentication = await open([]);

  assert.deepEqual(await rolesOf(authentication, 'bob:b'), []);
  assert.match(said.join(), /"users":\["bob"\].*have no roles/);
});

test('an htpasswd file of the operator without a users file: all administer, and that is told', async () => {
  const own = join(root, 'htpasswd');
  await writeFile(own, `carol:${await hash('c', 4)}\n`);
  const key = `DEFAULT.http_basic_auth_user_file=${own}`;

  const authentication = await open([key]);
  const usersKey = `DEFAULT.http_basic_users_file=${join(root, 'none.yaml')}`;

  assert.deepEqual(await rolesOf(authentication, 'carol:c'), ADMIN_ROLES);
  assert.equal(authentication.password, undefined);
  assert.match(said.join(), /every user of .* administers everything/);
  await assert.rejects(open([key, usersKey]), ConfigInvalid);
});

test('files that cannot be used stop the start', async () => {
  await open([]);
  await writeFile(data.users, 'users: {admin: {roles: admin}}');
  await assert.rejects(open([]), /"admin": roles must be a list/);
  await writeFile(data.htpasswd, 'admin:plain\n');
  await assert.rejects(open([]), /is not bcrypt/);
});

test('mode keystone needs an address and a secret, in one place', async () => {
  const file = join(root, 'password');
  await writeFile(file, 'secret\n', { mode: 0o600 });
  const section = (...keys: readonly string[]) =>
    open([
      'DEFAULT.auth_strategy=keystone',
      ...keys.map((key) => `keystone_authtoken.${key}`),
    ]).then(({ close }) => close());
  // Nobody listens there.
  const url = 'auth_url=http://127.0.0.1:1';

  await assert.rejects(section(), /keystone_authtoken\.auth_url is needed/);
  await assert.rejects(section('auth_url=keystone'), /auth_url is not an http or https URL/);
  await assert.rejects(section('auth_url=http://a:b@c'), /holds a user or password/);
  await assert.rejects(section(url), /password_file or password is needed/);
  await assert.rejects(section(url, `password_file=${file}.none`), /cannot be read/);
  await assert.rejects(
    section(url, 'auth_type=v3applicationcredential'),
    /application_credential_id is needed/,
  );
  await assert.rejects(
    section(url, `password_file=${file}`, 'cafile=/none'),
    /cafile: \/none cannot/,
  );
  assert.deepEqual(said, []);
  await chmod(file, 0o644);
  await section(url, `password_file=${file}`);
  assert.match(said.join(), /every user of this machine can use .*password/);
});
