import assert from 'node:assert/strict';
import { test } from 'node:test';

import { credentialsOf, parseUsers, UsersInvalid } from './users.ts';

const read = (text: string) => parseUsers(text, 'users.yaml');

test('an entry has roles, and the whole system or a project as their scope', () => {
  const users = read(`users:
  admin: {roles: [admin], system: all}
  alice: {roles: [member, Auditor], project: {id: p1, name: rack-7, domain: lab}}
  carol: {roles: [reader], project: p2}
  dave: {}
`);

  assert.deepEqual(users.get('admin'), { roles: ['admin'], system: true, project: undefined });
  assert.deepEqual(users.get('alice')?.project, { id: 'p1', name: 'rack-7', domain: 'lab' });
  assert.deepEqual(users.get('carol')?.project, { id: 'p2', name: 'p2', domain: 'default' });
  assert.deepEqual(users.get('dave'), { roles: [], system: false, project: undefined });
});

test('the policy is told scope, project and roles with those that they imply', () => {
  const entry = read('users: {a: {roles: [Admin], project: {id: p1, name: one}}}').get('a');
  const { user_id: id, roles, project_id: project, ...rest } = credentialsOf('a', entry);

  assert.deepEqual([id, project], ['a', 'p1']);
  assert.deepEqual(roles, ['admin', 'manager', 'member', 'reader']);
  assert.deepEqual(
    [rest.project_name, rest.project_domain_id, rest.user_domain_id, rest.system_scope],
    ['one', 'default', 'default', null],
  );
});

test('who is not in the file has neither roles nor scope', () => {
  const { roles, system_scope: scope, project_id: project } = credentialsOf('x');

  assert.deepEqual([roles, scope, project], [[], null, null]);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['users: {a: {roles: [admin], system: all, project: p1}}', /"a" has system and project/],
  ['users: {a: {roles: [admin], system: true}}', /"a": system can only be "all"/],
  ['users: {a: {roles: admin}}', /"a": roles must be a list/],
  ['users: {a: {roles: [[admin]]}}', /"a": roles must be a text/],
  ['users: {a: {role: [admin]}}', /"a" has the key "role"; there are roles, system, project/],
  ['users: {a: {project: {name: x}}}', /"a": project: id must be a text/],
  ['users: {a: admin}', /"a" must have roles/],
  ['users: [a]', /must hold "users:"/],
  ['admin: {roles: [admin]}', /has the key "admin"; there are users/],
  ['', /must hold "users:"/],
  ['users: {a: {}, a: {}}', /users\.yaml is not YAML: Map keys must be unique/],
];

test('what is wrong is named by user and key', () => {
  for (const [text, message] of WRONG) {
    assert.throws(
      () => read(text),
      (error) => error instanceof UsersInvalid && message.test(error.message),
      text,
    );
  }
});

test('a user may be called like a part of the language', () => {
  const users = read('users: {constructor: {roles: [reader]}, __proto__: {roles: [admin]}}');

  assert.deepEqual([...users.keys()].sort(), ['__proto__', 'constructor']);
  assert.equal(users.get('toString'), undefined);
});
