import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseUsers, UsersInvalid } from '#api/auth/users';

import {
  checkName,
  withDigest,
  withEntries,
  withoutDigest,
  withoutEntry,
} from './account-files.ts';

const READER = { roles: ['reader'], system: true, project: undefined };

test('a digest takes the place of the older one, and all other lines stay', () => {
  const before = '# ours\nadmin:x\nbob:y\n';

  assert.equal(withDigest(before, 'bob', 'z'), '# ours\nadmin:x\nbob:z\n');
  assert.equal(withDigest(before, 'eve', 'z'), '# ours\nadmin:x\nbob:y\neve:z\n');
  assert.equal(withDigest('admin:x', 'eve', 'z'), 'admin:x\neve:z\n');
  assert.equal(withDigest('', 'eve', 'z'), 'eve:z\n');
});

test('a removed user has no line left, not even a second one', () => {
  assert.equal(withoutDigest('admin:x\nbob:y\nbobby:y\nbob:z\n', 'bob'), 'admin:x\nbobby:y\n');
});

test('entries are changed in place, and comments stay', () => {
  const before = 'users:\n  # the boss\n  admin: {roles: [admin], system: all}\n';

  const more = withEntries(before, 'f', new Map([['7', READER]]));
  const less = withoutEntry(more, 'f', 'admin');

  assert.match(more, /# the boss\n/);
  assert.deepEqual([...parseUsers(more, 'f')].map(([name]) => name).sort(), ['7', 'admin']);
  assert.deepEqual(parseUsers(less, 'f').get('7'), READER);
  assert.equal(parseUsers(less, 'f').has('admin'), false);
});

test('a file that does not exist yet is made, one that cannot be used is left alone', () => {
  assert.deepEqual(
    parseUsers(withEntries('', 'f', new Map([['a', READER]])), 'f').get('a'),
    READER,
  );
  assert.throws(() => withEntries('users: [', 'f', new Map()), UsersInvalid);
  assert.throws(() => withoutEntry('users: {a: {role: x}}', 'f', 'a'), UsersInvalid);
});

test('names that a line of htpasswd cannot hold are refused', () => {
  for (const name of ['a', 'a b', 'ä', 'a@b.example', 'x'.repeat(255)]) {
    assert.equal(checkName(name), name);
  }
  for (const name of [undefined, '', ' a', 'a ', 'a:b', 'a\nb', '#a', 'x'.repeat(256)]) {
    assert.throws(() => checkName(name), /NAME is needed/, name);
  }
});
