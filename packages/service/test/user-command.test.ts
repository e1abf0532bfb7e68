// `bessemer user`, as the operator calls it, at the files that a service reads.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { compare, hash } from 'bcryptjs';

import { openHtpasswd } from '#api/auth/htpasswd';
import { openUsers } from '#api/auth/users';
import { type DataDirectory, openDataDirectory } from '#config/data-directory';
import { ensureAdminAccount } from '#config/first-account';
import { openKeyRing } from '#trust/key-ring';

const MAIN = join(import.meta.dirname, '../src/manage/main.ts');
const PASSWORD = 'correct horse';

let root: string;
let data: DataDirectory;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-user-'));
  data = await openDataDirectory(join(root, 'data'));
  await openKeyRing(data.keys);
  await ensureAdminAccount(data);
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Outcome = { readonly code: number; readonly out: string; readonly err: string };

const userWith = async (input: string, ...args: readonly string[]): Promise<Outcome> => {
  const child = spawn(process.execPath, [MAIN, 'user', ...args, '--data', data.path]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
};

const warn = (): void => undefined;
const ALICE = ['add', 'alice', '--role', 'member', '--project', 'p1', '--project-name', 'one'];

test('a user is added, changed and removed', async () => {
  const added = await userWith(`${PASSWORD}\n`, ...ALICE);
  const digest = openHtpasswd(data.htpasswd, warn).digestOf('alice') ?? '';
  const asMember = openUsers(data.users, warn).credentialsOf('alice');
  const set = await userWith('', 'set', 'alice', '--role', 'reader', '--system');
  const asReader = openUsers(data.users, warn).credentialsOf('alice');
  const removed = await userWith('', 'remove', 'alice');

  assert.deepEqual([added.code, set.code, removed.code], [0, 0, 0], added.err + set.err);
  assert.equal(await compare(PASSWORD, digest), true);
  assert.deepEqual(
    [asMember.roles, asMember.project_id, asMember.project_name],
    [['member', 'reader'], 'p1', 'one'],
  );
  assert.deepEqual([asReader.system_scope, asReader.project_id], ['all', null]);
  assert.equal(openHtpasswd(data.htpasswd, warn).digestOf('alice'), undefined);
  assert.equal(openUsers(data.users, warn).find('alice'), undefined);
  for (const path of [data.htpasswd, data.users])
    assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a new password takes the place of the old one, and the roles stay', async () => {
  await userWith(PASSWORD, ...ALICE);

  const { code } = await userWith('another horse', 'set', 'alice', '--password');

  assert.equal(code, 0);
  const digest = openHtpasswd(data.htpasswd, warn).digestOf('alice') ?? '';
  assert.equal(await compare('another horse', digest), true);
  assert.deepEqual(openUsers(data.users, warn).find('alice')?.roles, ['member']);
});

const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['short', ALICE, /at least 8 characters/],
  ['', ALICE, /at least 8 characters/],
  ['x'.repeat(73), ALICE, /at most 72 bytes/],
  [PASSWORD, ['add', 'alice', PASSWORD, '--role', 'reader', '--system'], /never an argument/],
  [PASSWORD, ['add', 'alice'], /--role ROLE and --system or --project/],
  [PASSWORD, ['add', 'alice', '--role', 'x', '--system', '--project', 'p'], /not both/],
  [PASSWORD, ['add', 'al:ice', '--role', 'x', '--system'], /no colon/],
  [PASSWORD, ['add', 'admin', '--role', 'x', '--system'], /there is a user admin/],
  ['', ['set', 'nobody', '--role', 'x'], /there is no user nobody/],
  ['', ['set', 'admin'], /expected --role/],
  ['', ['remove', 'nobody'], /there is no user nobody/],
  ['', ['constructor', 'x'], /expected "add"/],
];

test('what cannot be done changes nothing, and says what would be right', async () => {
  const before = [await readFile(data.htpasswd, 'utf8'), await readFile(data.users, 'utf8')];
  for (const [input, args, message] of REFUSED) {
    const { code, err, out } = await userWith(input, ...args);

    assert.equal(code, 2, args.join(' '));
    assert.match(err, message);
    assert.equal(out, '');
  }
  const after = [await readFile(data.htpasswd, 'utf8'), await readFile(data.users, 'utf8')];
  assert.deepEqual(after, before);
});

test('users who administered everything for want of a users file still do after one is made', async () => {
  const own = join(root, 'htpasswd');
  const link = join(root, 'link');
  await writeFile(own, `carol:${await hash('c', 4)}\n`);
  await chmod(own, 0o640);
  await symlink(own, link);
  await rm(data.users);

  const { code, err } = await userWith(
    PASSWORD,
    ...ALICE,
    '--set',
    `DEFAULT.http_basic_auth_user_file=${link}`,
  );

  assert.equal(code, 0, err);
  const users = openUsers(data.users, warn);
  assert.equal(users.credentialsOf('carol').system_scope, 'all');
  assert.equal(users.credentialsOf('alice').project_id, 'p1');
  assert.match(await readFile(own, 'utf8'), /^carol:.*\nalice:.*\n$/);
  assert.equal((await stat(own)).mode & 0o777, 0o640);
});

test('the list shows who can log in and as what, and no digest', async () => {
  await userWith(PASSWORD, ...ALICE);
  const { out } = await userWith('', 'list');

  assert.equal(out, 'admin  admin (the whole system)\nalice  member (project p1)\n');
});
