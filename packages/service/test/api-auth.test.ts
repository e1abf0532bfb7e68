// Who may use the public API: the htpasswd file, the shapes of refusals, and what is public.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { hash } from 'bcryptjs';

import { authenticateBasic } from '#api/auth/basic';
import { HtpasswdInvalid, openHtpasswd, parseHtpasswd } from '#api/auth/htpasswd';
import { EVERYBODY_ADMINISTERS, openUsers, parseUsers } from '#api/auth/users';
import { systemClock } from '#clock';
import { openDataDirectory } from '#config/data-directory';
import { ensureAdminAccount, writeClouds } from '#config/first-account';
import type { Credentials } from '#policy/credentials';

import { type Api, openApi } from './api/with-api.ts';

let directory: string;
let path: string;
let api: Api;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-auth-'));
  path = join(directory, 'htpasswd');
  // Apache writes $2y$; the digest is the same.
  const digest = (await hash('right', 4)).replace(/^\$2[ab]\$/, '$2y$');
  await writeFile(path, `\nno colon\nadmin:${digest}\n`);
  api = await openApi({
    authenticate: authenticateBasic(
      { htpasswd: openHtpasswd(path, () => undefined), users: EVERYBODY_ADMINISTERS },
      systemClock,
    ),
  });
});
after(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

const basic = (text: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

const CASES: readonly (readonly [string, { [name: string]: string }, number, string])[] = [
  ['nothing', {}, 401, 'Authorization required'],
  ['a wrong password', basic('admin:wrong'), 401, 'Incorrect username or password'],
  ['an unknown user', basic('nobody:right'), 401, 'Incorrect username or password'],
  ['another scheme', { authorization: 'Bearer x' }, 400, 'Unsupported authorization type "Bearer"'],
  ['no base64', { authorization: 'Basic !!' }, 400, 'Could not decode authorization token'],
  ['no colon', basic('admin'), 400, 'Could not decode authorization token'],
];

test('bad credentials are refused in the exact shape', async () => {
  for (const [what, headers, status, message] of CASES) {
    const answer = await api.ask('GET', '/v1/nodes', { headers });

    assert.equal(answer.status, status, what);
    assert.deepEqual(answer.body, { error: { message, code: status } }, what);
    const expected = status === 401 ? 'Basic realm="Baremetal API"' : undefined;
    assert.equal(answer.headers['www-authenticate'], expected, what);
  }
});

test('good credentials pass, the second time too', async () => {
  for (const _time of [1, 2]) {
    const { status } = await api.ask('GET', '/v1/nodes', { headers: basic('admin:right') });

    assert.equal(status, 200);
  }
});

test('without credentials only discovery answers, whatever way the path is written', async () => {
  const closed = [
    '/v1/nodes',
    '/nodes',
    '/v1/nodes/',
    '/v1//nodes',
    '/V1/nodes',
    '/v1/nodes/x/states',
    '/%76%31/nodes',
    '/v1/%6eodes',
    '/bessemer/nodes/x/why',
    '/v1/zzz',
    '/zzz',
  ];
  for (const url of closed) assert.equal((await api.ask('GET', url)).status, 401, url);
  for (const url of ['/', '/v1', '/v1/'])
    assert.equal((await api.ask('GET', url)).status, 200, url);
});

test('a changed password counts at once, a broken file keeps the last good one', async () => {
  const good = await readFile(path, 'utf8');
  assert.equal((await api.ask('GET', '/v1/nodes', { headers: basic('admin:right') })).status, 200);

  await writeFile(path, `admin:${await hash('other', 4)}\n`);
  const old = await api.ask('GET', '/v1/nodes', { headers: basic('admin:right') });
  const fresh = await api.ask('GET', '/v1/nodes', { headers: basic('admin:other') });
  await writeFile(path, 'admin:plain text password\n');
  const kept = await api.ask('GET', '/v1/nodes', { headers: basic('admin:other') });
  await writeFile(path, good);

  assert.deepEqual([old.status, fresh.status, kept.status], [401, 200, 200]);
});

test('digests other than bcrypt are refused, and the first line of a user counts', () => {
  const digest = `$2y$10$${'a'.repeat(53)}`;

  assert.throws(() => parseHtpasswd('admin:{SHA}abc', 'f'), HtpasswdInvalid);
  const digests = parseHtpasswd(`a:${digest}\na:${digest.replace('10', '11')}\n\n`, 'f');
  assert.deepEqual([...digests], [['a', digest]]);
});

test('the first account is made once, readable by its owner only, and named in clouds.yaml', async () => {
  const data = await openDataDirectory(join(directory, 'data'));

  const first = await ensureAdminAccount(data);
  const second = await ensureAdminAccount(data);
  await writeClouds(data, {
    endpoint: 'http://127.0.0.1:1',
    password: first ?? null,
    authorityPath: undefined,
  });

  assert.equal(first, second);
  assert.match(first ?? '', /^[A-Za-z0-9_-]{32}$/);
  for (const file of [data.htpasswd, data.users, data.adminPassword, data.clouds]) {
    assert.equal((await stat(file)).mode & 0o777, 0o600, file);
  }
  assert.equal((await stat(data.path)).mode & 0o777, 0o700);
  assert.match(await readFile(data.clouds, 'utf8'), /auth_type: http_basic/);
  assert.deepEqual(parseUsers(await readFile(data.users, 'utf8'), 'users.yaml').get('admin'), {
    roles: ['admin'],
    system: true,
    project: undefined,
  });
});

test('an htpasswd that comes without a users file gets one, in which only admin has roles', async () => {
  const data = await openDataDirectory(join(directory, 'older'));
  await writeFile(data.htpasswd, `admin:${await hash('a', 4)}\nbob:${await hash('b', 4)}\n`);

  await ensureAdminAccount(data);

  const users = openUsers(data.users, () => undefined);
  assert.equal(users.credentialsOf('admin').system_scope, 'all');
  assert.deepEqual(users.credentialsOf('bob').roles, []);
});

test('users have the roles of the users file, and a change of it counts at once', async () => {
  const users = join(directory, 'users.yaml');
  const warnings: string[] = [];
  const write = (text: string): Promise<void> => writeFile(users, text);
  await write('users: {admin: {roles: [member], project: {id: p1, name: one}}}');
  const authenticate = authenticateBasic(
    {
      htpasswd: openHtpasswd(path, () => undefined),
      users: openUsers(users, (text) => warnings.push(text)),
    },
    systemClock,
  );
  const login = async (): Promise<Credentials> => {
    const answer = await authenticate(basic('admin:right'));
    assert.equal(answer.outcome, 'accepted');
    return (answer as { readonly credentials: Credentials }).credentials;
  };

  const member = await login();
  await write('users: {admin: {roles: [reader], system: all}}');
  const reader = await login();
  await write('users: {admin: {rolls: [admin]}}');
  const kept = await login();
  await write('users: {}  # and now nobody');
  const nothing = await login();

  assert.deepEqual(
    [member.roles, member.project_id, member.project_name, member.system_scope],
    [['member', 'reader'], 'p1', 'one', null],
  );
  assert.deepEqual(
    [reader.roles, reader.project_id, reader.system_scope],
    [['reader'], null, 'all'],
  );
  assert.deepEqual(kept, reader);
  assert.match(
    warnings.join(),
    /users\.yaml was changed but cannot be used; .* has the key "rolls"/,
  );
  assert.deepEqual([nothing.roles, nothing.system_scope], [[], null]);
});
