import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { readTokenFacts, TokenUnreadable } from './token-facts.ts';

const USER = { id: 'u1', name: 'alice', domain: { id: 'default', name: 'Default' } };
const ROLES = [
  { id: '1', name: 'Reader' },
  { id: '2', name: 'member' },
];
const TOKEN = {
  methods: ['password'],
  user: USER,
  expires_at: '2026-11-21T13:37:22.000000Z',
  roles: ROLES,
};
const read = (more: object) => {
  const facts = readTokenFacts({ token: { ...TOKEN, ...more } });
  assert.ok(facts);
  return facts;
};

test('a token of a project has its names, and the roles that Keystone tells', () => {
  const { credentials, expiresMs } = read({
    project: { id: 'p1', name: 'one', domain: { id: 'd1', name: 'D' } },
  });

  assert.equal(expiresMs, Date.parse('2026-11-21T13:37:22Z'));
  assert.deepEqual(credentials, {
    user_id: 'u1',
    user_domain_id: 'default',
    project_id: 'p1',
    project_name: 'one',
    project_domain_id: 'd1',
    domain_id: null,
    system_scope: null,
    roles: ['reader', 'member'],
    is_admin_project: true,
    is_public_api: false,
    service_user_id: null,
    service_project_id: null,
    service_roles: [],
  });
});

test('system and domain are scopes of their own', () => {
  const system = read({ system: { all: true } }).credentials;
  const domain = read({ domain: { id: 'd1', name: 'D' } }).credentials;
  const odd = read({ system: { all: 'true' } }).credentials;

  assert.deepEqual([system.system_scope, system.project_id], ['all', null]);
  assert.deepEqual([domain.domain_id, domain.system_scope], ['d1', null]);
  assert.equal(odd.system_scope, null);
});

test('roles are not completed: what they imply is for Keystone to say', () => {
  const { credentials } = read({ roles: [{ id: '1', name: 'admin' }] });

  assert.deepEqual(credentials.roles, ['admin']);
});

test('a token without scope has no roles', () => {
  const { roles: _roles, ...unscoped } = TOKEN;

  assert.deepEqual(readTokenFacts({ token: unscoped })?.credentials.roles, []);
});

test('a token that is bound to a client certificate is none for us', () => {
  const bound = { ...TOKEN, oauth2_credential: { 'x5t#S256': 'x' } };

  assert.equal(readTokenFacts({ token: bound }), undefined);
});

test('an answer that is about no token lets nobody in', () => {
  const { user: _user, ...nobody } = TOKEN;
  const { expires_at: _end, ...endless } = TOKEN;
  for (const body of [
    undefined,
    {},
    { token: [] },
    { token: nobody },
    { token: endless },
    { token: { ...TOKEN, expires_at: 'soon' } },
  ]) {
    assert.throws(() => readTokenFacts(body), TokenUnreadable, JSON.stringify(body));
  }
});

test('whatever Keystone answers, it is read or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (project, roles) => {
      const { credentials } = read({ project, roles });
      assert.ok(credentials.roles.every((role) => typeof role === 'string'));
      assert.ok(credentials.project_id === null || typeof credentials.project_id === 'string');
    }),
  );
});
