// Mode `keystone` against a real Keystone: who gets in, as whom, and what happens when Keystone is away.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { type OpenstackHost, type Ran, startOpenstackHost } from './clients/openstack-host.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';
import { passwordOf } from './keystone/people.ts';
import { type Keystone, startKeystone } from './keystone/start-keystone.ts';

const RECOVER_MS_MAX = 30_000;
/** Enough to be asked about once before its end, on a busy machine too. */
const SHORT_SECONDS = 12;

let directory: string;
let client: OpenstackHost;
let keystone: Keystone;
/** Asks Keystone each time. */
let service: RunningService;
/** Remembers tokens, as by default. */
let remembering: RunningService;
before(async () => {
  directory = await makeDirectory();
  [client, keystone] = await Promise.all([startOpenstackHost(), startKeystone()]);
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${passwordOf('ironic')}\n`, { mode: 0o600 });
  const settings = keystone.settings(passwordFile);
  [service, remembering] = await Promise.all([
    startService({
      directory: await makeDirectory(),
      settings: [...settings, 'keystone_authtoken.token_cache_time=0'],
    }),
    startService({ directory: await makeDirectory(), settings }),
  ]);
  await keystone.registerBaremetal(service.url);
});
after(async () => {
  await Promise.all([client?.stop(), service?.stop(), remembering?.stop(), keystone?.stop()]);
  for (const each of [directory, service?.directory, remembering?.directory]) {
    if (each !== undefined) await removeDirectory(each);
  }
});

const openstackAs = (person: string, ...args: readonly string[]): Promise<Ran> =>
  client.run(keystone.environmentOf(person), args);

const jsonAs = async (person: string, ...args: readonly string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await openstackAs(person, ...args, '-f', 'json');
  assert.equal(code, 0, `${args.join(' ')} as ${person}: ${stderr}`);
  return JSON.parse(stdout);
};

type Reply = {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- replies of any shape
  readonly body: any;
};

const ask = async (
  headers: { readonly [name: string]: string },
  { path = '/v1/nodes', of = service }: { path?: string; of?: RunningService } = {},
): Promise<Reply> => {
  const response = await fetch(new URL(path, of.url), {
    headers: { 'x-openstack-ironic-api-version': '1.115', ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

const tokenOf = async (...args: Parameters<Keystone['login']>): Promise<string> =>
  (await keystone.login(...args)).token;

const revoke = async (token: string): Promise<void> => {
  const response = await fetch(`${keystone.url}/v3/auth/tokens`, {
    method: 'DELETE',
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  });
  assert.equal(response.status, 204);
};

test('openstack baremetal works with a password, and a project sees its own nodes only', async () => {
  const { owner } = keystone.projectIds;
  const create = ['baremetal', 'node', 'create', '--driver', 'fake-hardware', '--name'] as const;
  await jsonAs('system_admin', ...create, 'theirs');
  await jsonAs('system_admin', ...create, 'nobodys');
  // This client cannot name an owner when it creates.
  const set = ['baremetal', 'node', 'set', 'theirs', '--owner', String(owner)];
  assert.equal((await openstackAs('system_admin', ...set)).code, 0);
  const namesFor = async (person: string): Promise<readonly string[]> =>
    ((await jsonAs(person, 'baremetal', 'node', 'list')) as { readonly Name: string }[])
      .map((node) => node.Name)
      .sort();

  assert.deepEqual(await namesFor('system_reader'), ['nobodys', 'theirs']);
  assert.deepEqual(await namesFor('owner_member'), ['theirs']);
  assert.deepEqual(await namesFor('other_member'), []);
});

test('roles decide what is done: a reader of the system may not create', async () => {
  const args = ['baremetal', 'node', 'create', '--driver', 'fake-hardware'];
  const { code, stderr } = await openstackAs('system_reader', ...args);

  assert.notEqual(code, 0);
  assert.match(stderr, /baremetal:node:create/);
});

test('without a token, or with one that is none, the answer says where to get one', async () => {
  const basic = `Basic ${Buffer.from('admin:admin').toString('base64')}`;
  const cases: readonly { readonly [name: string]: string }[] = [
    {},
    { 'x-auth-token': 'fake-token' },
    { 'x-auth-token': '' },
    { 'x-auth-token': 'a b' },
    { 'x-auth-token': 'gAAAAAB\u00e9' },
    { 'x-auth-token': 'x'.repeat(12_000) },
    { authorization: basic },
    { 'x-roles': 'admin', 'x-user-id': 'me', 'x-identity-status': 'Confirmed' },
    { 'x-system-scope': 'all', 'x-auth-token': `${await tokenOf('other_member')}A` },
  ];
  for (const headers of cases) {
    const { status, body, headers: replied } = await ask(headers);

    assert.equal(status, 401, JSON.stringify(headers).slice(0, 100));
    assert.equal(replied.get('www-authenticate'), `Keystone uri="${keystone.url}"`);
    assert.deepEqual(body.error, {
      code: 401,
      title: 'Unauthorized',
      message: 'The request you have made requires authentication.',
    });
  }
});

test('headers that a proxy would set about the caller change nothing about a good token', async () => {
  const token = await tokenOf('other_reader');
  const lies = { 'x-roles': 'admin', 'x-system-scope': 'all', 'openstack-system-scope': 'all' };

  const { status, body } = await ask({ 'x-auth-token': token, ...lies });

  assert.equal(status, 200);
  assert.deepEqual(body.nodes, []);
});

test('discovery needs no token', async () => {
  for (const path of ['/', '/v1']) assert.equal((await ask({}, { path })).status, 200, path);
});

test('a token without scope has no roles, and may do nothing', async () => {
  const { status } = await ask({ 'x-auth-token': await tokenOf('owner_admin', null) });

  assert.equal(status, 403);
});

test('a revoked token is refused', async () => {
  const token = await tokenOf('system_reader');
  const good = await ask({ 'x-auth-token': token });
  await revoke(token);
  const refused = await ask({ 'x-auth-token': token });

  assert.deepEqual([good.status, refused.status], [200, 401]);
});

test('this service logs in again when its own token is revoked', async () => {
  const { users } = await keystone.api.ask('GET', '/users?name=ironic');
  const token = await tokenOf('system_reader');
  assert.equal((await ask({ 'x-auth-token': token })).status, 200);

  // A change of the password revokes what was issued before.
  const password = passwordOf('ironic');
  await keystone.api.ask('PATCH', `/users/${users[0].id}`, { user: { password } });

  // Keystone counts revocations in seconds: what it issues in the same one is revoked too.
  const look = async () => (await ask({ 'x-auth-token': token })).status;
  assert.equal(await waitFor(look, (status) => status !== 503, RECOVER_MS_MAX), 200);
});

test('a service vouches for a user; who is no service cannot', async () => {
  const token = await tokenOf('owner_member');
  const withService = async (person: string): Promise<number> => {
    const headers = { 'x-auth-token': token, 'x-service-token': await tokenOf(person) };
    return (await ask(headers)).status;
  };

  assert.equal(await withService('service_project_service'), 200);
  assert.equal(await withService('owner_admin'), 401);
  const bad = await ask({ 'x-auth-token': token, 'x-service-token': 'none' });
  assert.equal(bad.status, 401);
});

test('an expired token of a user passes with a service that vouches for it, and with nobody else', async () => {
  const { token } = await keystone.loginShortly('owner_member', SHORT_SECONDS);
  const statusOf = async (more: { readonly [name: string]: string } = {}, of = service) =>
    (await ask({ 'x-auth-token': token, ...more }, { of })).status;
  const rememberedAtFirst = await statusOf({}, remembering);
  // Whatever is remembered about it, its end is its end.
  await waitFor(
    () => statusOf({}, remembering),
    (status) => status === 401,
    RECOVER_MS_MAX,
  );
  const [nova, person] = await Promise.all([
    tokenOf('service_project_service'),
    tokenOf('owner_admin'),
  ]);

  assert.equal(rememberedAtFirst, 200);
  assert.equal(await statusOf(), 401);
  assert.equal(await statusOf({ 'x-service-token': nova }), 200);
  assert.equal(await statusOf({ 'x-service-token': person }), 401);
  assert.equal(await statusOf({ 'x-service-token': token }), 401);
  assert.equal(await statusOf(), 401);
});

test('this service can log in with an application credential', async () => {
  const credential = await keystone.makeApplicationCredential('ironic');
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, credential.secret, { mode: 0o600 });
  const other = await startService({
    directory: await makeDirectory(),
    settings: [
      'DEFAULT.auth_strategy=keystone',
      `keystone_authtoken.auth_url=${keystone.url}/v3`,
      'keystone_authtoken.auth_type=v3applicationcredential',
      `keystone_authtoken.application_credential_id=${credential.id}`,
      `keystone_authtoken.application_credential_secret_file=${secretFile}`,
    ],
  });

  const { status } = await ask({ 'x-auth-token': await tokenOf('system_reader') }, { of: other });

  await other.stop();
  await removeDirectory(other.directory);
  assert.equal(status, 200);
});

test('an application credential of a user works, but not one that is limited to some calls', async () => {
  const statusOf = async (rules?: readonly object[]): Promise<number> => {
    const credential = await keystone.makeApplicationCredential('owner_reader', rules);
    const { token } = await keystone.loginByCredential(credential);
    return (await ask({ 'x-auth-token': token })).status;
  };

  assert.equal(await statusOf(), 200);
  // Keystone tells about such a token only to services that promise to look at its rules.
  const ports = { service: 'baremetal', method: 'GET', path: '/v1/ports' };
  assert.equal(await statusOf([ports]), 401);
});

test('while Keystone is away nobody new gets in, who is known stays in, and it ends by itself', async () => {
  const [known, other] = await Promise.all([tokenOf('system_reader'), tokenOf('owner_reader')]);
  const knownTo = (token: string) => ask({ 'x-auth-token': token }, { of: remembering });
  assert.equal((await knownTo(known)).status, 200);

  await keystone.goDown();
  const away = {
    asking: await ask({ 'x-auth-token': known }),
    known: await knownTo(known),
    other: await knownTo(other),
    nothing: await ask({}, { of: remembering }),
  };
  await keystone.comeBack();
  const back = [await ask({ 'x-auth-token': known }), await knownTo(other)];

  assert.equal(away.asking.status, 503);
  assert.match(away.asking.body.error.message, /Keystone service is temporarily unavailable/);
  assert.deepEqual([away.known.status, away.other.status, away.nothing.status], [200, 503, 401]);
  assert.deepEqual(
    back.map((each) => each.status),
    [200, 200],
  );
});

test('neither tokens nor the password are in the log', async () => {
  const token = await tokenOf('system_reader');
  await ask({ 'x-auth-token': token });
  const logs = await Promise.all(
    [service, remembering].map((each) => readFile(each.logPath, 'utf8')),
  );

  for (const log of logs) {
    assert.equal(log.includes(passwordOf('ironic')), false);
    assert.doesNotMatch(log, /gAAAA/);
  }
});
