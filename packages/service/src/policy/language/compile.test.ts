import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Credentials, makeCredentials } from '../credentials.ts';
import type { PolicyTarget } from '../policy.ts';
import type { Asker } from './asker.ts';
import { compileCheck, isAt } from './compile.ts';
import { explainCheck } from './explain-check.ts';
import { parseRule } from './parse-rule.ts';

const ALICE = makeCredentials({
  user_id: 'alice',
  roles: ['Member'],
  project_id: 'p1',
  project_name: 'rack-7',
  project_domain_id: 'default',
  user_domain_id: 'home',
  service_roles: ['service', 'x'],
});
const ROOT = makeCredentials({ user_id: 'root', roles: ['admin'], system_scope: 'all' });

const askerOf = (
  credentials: Credentials,
  target?: PolicyTarget,
  serviceProject?: string,
): Asker => ({ rule: 'asked', credentials, target, serviceProject });

const PARTS = {
  resolve: () => {
    throw new Error('no rule refers to another here');
  },
  askHttp: () => Promise.resolve(false),
};

const CASES: readonly (readonly [
  rule: string,
  asker: Asker,
  expected: boolean,
  because: string,
])[] = [
  ['role:member', askerOf(ALICE), true, 'the caller has the role'],
  ['role:MEMBER', askerOf(ALICE), true, 'roles have no case'],
  ['role:reader', askerOf(ALICE), true, 'member implies reader'],
  ['role:admin', askerOf(ALICE), false, 'the caller does not have the role'],
  ['role:%(x)s', askerOf(ALICE, { x: 'MEMBER' }), true, 'the object names the role'],
  ['role:%(x)s', askerOf(ALICE), false, 'a key without a value is false'],
  ['role:me%(x)ser', askerOf(ALICE, { x: 'mb' }), true, 'a key stands in the middle'],
  ['project_id:p1', askerOf(ALICE), true, 'a credential is compared as text'],
  ['project_id:P1', askerOf(ALICE), false, 'with its case'],
  ['project_id:%(node.owner)s', askerOf(ALICE, { 'node.owner': 'p1' }), true, 'the owner asks'],
  ['project_id:%(node.owner)s', askerOf(ALICE, { 'node.owner': 'p2' }), false, 'another owner'],
  ['project_id:%(node.owner)s', askerOf(ALICE, { 'node.owner': null }), false, 'no owner'],
  ['project_id:%(node.owner)s', askerOf(ALICE), false, 'no object'],
  ['project_id:%(node.owner)s', askerOf(ROOT, { 'node.owner': 'None' }), false, 'no project'],
  ['project_id:None', askerOf(ROOT), true, 'None is written in the rule'],
  ['None:%(project_id)s', askerOf(ROOT), true, 'the caller has no project'],
  ['None:%(node.owner)s', askerOf(ROOT, { 'node.owner': null }), false, 'no value, not None'],
  ['is_public_api:False', askerOf(ALICE), true, 'flags as Python writes them'],
  ['is_public_api:false', askerOf(ALICE), false, 'and not as others do'],
  ['service_roles:x', askerOf(ALICE), true, 'any element of a list'],
  ['service_roles:y', askerOf(ALICE), false, 'no element of a list'],
  ['toString:x', askerOf(ALICE), false, 'what every object has is no credential'],
  ['__proto__:x', askerOf(ALICE), false, 'nor is a prototype'],
  ['constructor.name:Object', askerOf(ALICE), false, 'nor a path through one'],
  ['role:%(constructor)s', askerOf(ALICE), false, 'nor a key of the object'],
  ["'p1':%(project_id)s", askerOf(ALICE), true, 'a quoted text'],
  ['"p2":%(project_id)s', askerOf(ALICE), false, 'another quoted text'],
  ['True:%(is_admin_project)s', askerOf(ALICE), true, 'a constant'],
  ['1.0:%(x)s', askerOf(ALICE, { x: '1.0' }), true, 'a number as Python writes it'],
  ['user:alice', askerOf(ALICE), true, 'an older name of user_id'],
  ['tenant:rack-7', askerOf(ALICE), true, 'an older name of project_name'],
  ['domain_id:home', askerOf(ALICE), true, 'an older name of user_domain_id'],
  ['domain_name:home', askerOf(ALICE), true, 'another older name of user_domain_id'],
  ["'rack-7':%(tenant)s", askerOf(ALICE), true, 'an older name as key'],
  ['role:100%%', askerOf(makeCredentials({ roles: ['100%'] })), true, 'a percent sign'],
  ['project_name:%(config.service_project_name)s', askerOf(ALICE), false, 'elevation is off'],
  ['project_name:%(config.service_project_name)s', askerOf(ALICE, {}, 'rack-7'), true, 'and on'],
];

for (const [rule, asker, expected, because] of CASES) {
  test(`${rule} is ${expected}: ${because}`, async () => {
    const check = parseRule(rule);

    assert.equal(compileCheck(check, PARTS).test(asker), expected);
    const explained = await explainCheck(check, asker, {
      find: () => undefined,
      askHttp: PARTS.askHttp,
    });
    assert.equal(explained.isTrue, expected);
  });
}

test('a path leads through mappings and lists', () => {
  const value = { token: { roles: [{ name: 'a' }, { name: 'b' }], project: { id: 7 } } };

  assert.equal(isAt(value, ['token', 'roles', 'name'], 'b'), true);
  assert.equal(isAt(value, ['token', 'roles', 'name'], 'c'), false);
  assert.equal(isAt(value, ['token', 'project', 'id'], '7'), true);
  assert.equal(isAt(value, ['token', 'project', 'name'], 'x'), false);
  assert.equal(isAt(value, ['token', 'project', 'id', 'x'], '7'), false);
});

test('only a rule that asks a service is waited for', () => {
  assert.equal(compileCheck(parseRule('role:a or role:b'), PARTS).isAsync, false);
  assert.equal(compileCheck(parseRule('role:a or http://x/'), PARTS).isAsync, true);
});

test('a service is not asked when the answer is known without it', async () => {
  const asked: string[] = [];
  const askHttp = (url: string): Promise<boolean> => {
    asked.push(url);
    return Promise.resolve(true);
  };
  const ask = async (rule: string, target?: PolicyTarget): Promise<boolean> =>
    compileCheck(parseRule(rule), { ...PARTS, askHttp }).test(askerOf(ALICE, target));

  assert.equal(await ask('role:member or http://x/1'), true);
  assert.equal(await ask('role:admin and http://x/2'), false);
  assert.equal(await ask('http://x/%(node.owner)s', { 'node.owner': null }), false);
  assert.equal(await ask('http://x/%(node.owner)s', { 'node.owner': 'a/../b?' }), true);
  assert.equal(await ask('not http://x/4'), false);
  assert.deepEqual(asked, ['http://x/a%2F..%2Fb%3F', 'http://x/4']);
});
