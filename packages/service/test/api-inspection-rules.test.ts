// Inspection rules over the API.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { as, authenticatePersona, type Persona } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const ACTION = { op: 'set-attribute', args: { path: '/extra/seen', value: 'yes' } };
const CONDITION = { op: 'eq', args: { values: ['{inventory[cpu][count]}', 8] } };

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
beforeEach(() => api.parts.store.db.deleteFrom('inspection_rule').execute());
after(() => api.close());

const create = (body: object = {}, options: object = {}): Promise<Answer> =>
  api.ask('POST', '/v1/inspection_rules', {
    body: { actions: [ACTION], conditions: [CONDITION], ...body },
    ...options,
  });
const patch = (uuid: string, ...operations: object[]): Promise<Answer> =>
  api.ask('PATCH', `/v1/inspection_rules/${uuid}`, { body: operations });

test('a created rule is answered with 201, its place, its defaults and its links', async () => {
  const uuid = randomUUID();

  const made = await create({ uuid });

  assert.equal(made.status, 201);
  const place = `http://test.example:6385/v1/inspection_rules/${uuid}`;
  assert.equal(made.headers['location'], place);
  assert.equal(made.body.links[0].href, place);
  assert.deepEqual(
    [made.body.priority, made.body.phase, made.body.sensitive, made.body.description],
    [0, 'main', false, null],
  );
  assert.deepEqual(made.body.actions, [{ ...ACTION, loop: [] }]);
  assert.deepEqual(made.body.conditions, [CONDITION]);
  assert.deepEqual((await api.ask('GET', `/v1/inspection_rules/${uuid}`)).body, made.body);
});

test('every operation is taken with arguments by name and in a list', async () => {
  const conditions = [
    { op: 'eq', args: ['node:memory_mb', 4096], multiple: 'all' },
    { op: '!eq', args: { values: [1, 2], force_strings: true } },
    { op: '! lt', args: [[1, 2], false] },
    { op: 'gt', args: { values: ['{item}', 2] }, loop: [1, 2], multiple: 'last' },
    { op: 'is-empty', args: { value: '{inventory[hostname]}' } },
    { op: 'in-net', args: ['{inventory[bmc_address]}', '10.0.0.0/8'] },
    { op: 'in-net', args: { address: '::1', subnet: 'fe80::/10' } },
    { op: 'matches', args: { value: '{inventory[hostname]}', regex: 'rack\\d{2}' } },
    { op: '!contains', args: ['x', '(?i)dell'] },
    { op: 'one-of', args: { value: 'a', values: ['a', 'b'] } },
    { op: 'is-none', args: [null] },
    { op: 'is-true', args: { value: '{item[a]}' }, loop: { a: 1 } },
    { op: '!is-false', args: ['no'] },
  ];
  const actions = [
    { op: 'fail', args: { msg: 'no' } },
    { op: 'log', args: ['{node.uuid} seen', 'WARNING'] },
    { op: 'set-attribute', args: ['/driver', 'idrac'] },
    { op: 'set-attribute', args: { path: '{item[path]}', value: 1 }, loop: [{ path: 'extra/a' }] },
    { op: 'extend-attribute', args: { path: 'extra.list', value: 1, unique: true } },
    { op: 'del-attribute', args: ['/properties/cpus'] },
    { op: 'set-capability', args: ['boot_mode', 'uefi'] },
    { op: 'unset-capability', args: ['boot_mode'] },
    { op: 'add-trait', args: ['CUSTOM_A'] },
    { op: 'remove-trait', args: { name: 'CUSTOM_A' } },
    { op: 'set-plugin-data', args: ['a.b', 1] },
    { op: 'extend-plugin-data', args: ['a.c', 1, true] },
    { op: 'unset-plugin-data', args: ['a.b'] },
    { op: 'set-port-attribute', args: { port_id: 'x', path: 'extra/a', value: 1 } },
    { op: 'extend-port-attribute', args: ['x', 'extra/b', 1] },
    { op: 'del-port-attribute', args: ['x', 'extra/b'] },
    { op: 'api-call', args: { url: 'https://cmdb.example/api', timeout: 3, headers: { a: 'b' } } },
  ];

  const made = await create({ conditions, actions });

  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.conditions.length, conditions.length);
  assert.deepEqual(made.body.conditions[3], conditions[3]);
});

const action = (op: string, args: unknown, more: object = {}): object => ({
  actions: [{ op, args, ...more }],
});
const condition = (op: string, args: unknown, more: object = {}): object => ({
  conditions: [{ op, args, ...more }],
});

const BAD: readonly (readonly [body: object, names: RegExp])[] = [
  [{ actions: undefined }, /'actions' is a required property/],
  [{ actions: [] }, /actions: at least one/],
  [{ actions: {} }, /actions: .* is not of type 'array'/],
  [{ actions: ['x'] }, /actions\[0\]: a string is not of type 'object'/],
  [{ actions: Array.from({ length: 101 }, () => ACTION) }, /actions: there are more than 100/],
  [{ conditions: 'x' }, /conditions: x is not of type 'array'/],
  [{ priority: -1 }, /priority: -1 is not an integer from 0 to 9999/],
  [{ priority: 10_000 }, /priority: 10000/],
  [{ priority: '5' }, /priority: 5/],
  [{ phase: 'early' }, /phase: 'early' is not one of main/],
  [{ sensitive: 'maybe' }, /sensitive/],
  [{ description: 'x'.repeat(256) }, /description/],
  [{ uuid: 'x' }, /Expected UUID for uuid/],
  [{ foo: 1 }, /'foo' was unexpected/],
  [action('explode', {}), /actions\[0\]\.op: explode is not one of fail, log/],
  [action('!fail', { msg: 'x' }), /actions\[0\]\.op/],
  [action('fail', 'x'), /actions\[0\]\.args: it must be a list or an object/],
  [action('fail', {}), /actions\[0\]\.args: missing required argument\(s\): msg/],
  [action('fail', { msg: 'x', foo: 1 }), /unexpected argument\(s\): foo/],
  [action('fail', ['x', 'y']), /unexpected argument\(s\): argument 2/],
  [action('fail', { msg: 1 }), /args\.msg: 1 is not of type 'string'/],
  [action('fail', { msg: 'x' }, { multiple: 'any' }), /'multiple' was unexpected/],
  [action('log', ['x', 'loud']), /args\.level: loud is not one of debug/],
  [action('set-attribute', ['/owner', 'x']), /args\.path: '\/owner' cannot be: rules may change/],
  [action('set-attribute', ['provision_state', 'x']), /rules may change only properties, extra/],
  [action('set-attribute', ['/extra/__proto__/x', 1]), /args\.path/],
  [action('set-attribute', ['/extra//x', 1]), /args\.path/],
  [action('set-attribute', ['/name/x', 1]), /name has nothing below it/],
  [action('set-port-attribute', ['x', '/address', 1]), /args\.path/],
  [action('set-port-attribute', ['x', '/node_uuid', 1]), /args\.path/],
  [action('set-plugin-data', ['a.constructor', 1]), /args\.path/],
  [action('extend-attribute', ['/extra/a', 1, 'yes']), /args\.unique: yes is not of type/],
  [action('add-trait', ['bad']), /args\.name: "bad" is not a trait/],
  [action('api-call', ['ftp://x']), /args\.url: it must be an http or https URL/],
  [action('api-call', ['http://user:pass@x/']), /args\.url/],
  [action('api-call', { url: 'http://x', proxies: {} }), /unexpected argument\(s\): proxies/],
  [action('fail', ['x'], { loop: 7 }), /actions\[0\]\.loop: it must be a list or an object/],
  [action('fail', ['x'], { loop: Array.from({ length: 1_001 }, () => 1) }), /more than 1000 items/],
  [condition('eq', {}), /conditions\[0\]\.args: missing required argument\(s\): values/],
  [condition('eq', { values: 7 }), /args\.values: 7 is not of type 'array'/],
  [condition('!!eq', [1, 2]), /conditions\[0\]\.op/],
  [condition('eq', [1, 2], { multiple: 'most' }), /multiple: most is not one of any/],
  [
    condition('in-net', ['1.2.3.4', '10.0.0.0/33']),
    /args\.subnet: 10\.0\.0\.0\/33 is not a network/,
  ],
  [condition('matches', ['x', '(a']), /args\.regex: "\(a" has a group that does not end/],
  [condition('matches', ['x', '(a)\\1']), /args\.regex/],
  [condition('contains', { value: 'x', regex: 1 }), /args\.regex: 1 is not of type 'string'/],
];

test('bad rules are 400, name the place, and make nothing', async () => {
  for (const [body, names] of BAD) {
    const { status, fault } = await create(body);

    assert.equal(status, 400, JSON.stringify(body).slice(0, 200));
    assert.match(fault ?? '', names);
  }
  assert.deepEqual((await api.ask('GET', '/v1/inspection_rules')).body.inspection_rules, []);
});

test('what a sensitive rule looks for and does is never shown, and stays sensitive', async () => {
  const secret = { path: '/driver_info/redfish_password', value: 'CANARY' };
  const made = await create({
    sensitive: true,
    actions: [{ op: 'set-attribute', args: secret }],
    conditions: [{ op: 'eq', args: { values: ['CANARY', 1] } }],
  });
  const { uuid } = made.body;

  const patched = await patch(uuid, { op: 'replace', path: '/priority', value: 5 });
  for (const answer of [
    made,
    patched,
    await api.ask('GET', `/v1/inspection_rules/${uuid}`),
    await api.ask('GET', '/v1/inspection_rules?detail=true'),
    await api.ask('GET', '/v1/inspection_rules?fields=actions,conditions'),
    await patch(uuid, { op: 'replace', path: '/sensitive', value: false }),
    await patch(uuid, { op: 'remove', path: '/sensitive' }),
    await patch(uuid, { op: 'add', path: '/actions/9', value: ACTION }),
    await patch(uuid, { op: 'add', path: '/actions/-', value: 'bad' }),
  ]) {
    assert.ok(!answer.text.includes('CANARY'), answer.text);
  }
  assert.deepEqual([made.body.actions, made.body.conditions], [null, null]);
  assert.equal(patched.body.priority, 5);
  const unset = await patch(uuid, { op: 'replace', path: '/sensitive', value: false });
  assert.deepEqual(
    [unset.status, unset.fault],
    [400, 'Inspection rules cannot have the sensitive flag unset.'],
  );
});

test('a patch changes parts of a rule, and is checked like a new one', async () => {
  const { body: made } = await create({ description: 'first' });

  const good = await patch(
    made.uuid,
    { op: 'replace', path: '/description', value: 'second' },
    { op: 'add', path: '/actions/-', value: { op: 'fail', args: ['x'] } },
    { op: 'remove', path: '/conditions' },
    { op: 'replace', path: '/priority', value: 9_999 },
  );

  assert.equal(good.status, 200, good.text);
  assert.deepEqual(
    [good.body.description, good.body.actions.length, good.body.conditions, good.body.priority],
    ['second', 2, [], 9_999],
  );
  for (const operation of [
    { op: 'replace', path: '/priority', value: -1 },
    { op: 'remove', path: '/actions' },
    { op: 'replace', path: '/actions/0/op', value: 'none' },
    { op: 'replace', path: '/phase', value: 'x' },
    { op: 'replace', path: '/uuid', value: randomUUID() },
    { op: 'add', path: '/foo', value: 1 },
  ]) {
    assert.equal((await patch(made.uuid, operation)).status, 400, JSON.stringify(operation));
  }
  const { body } = await api.ask('GET', `/v1/inspection_rules/${made.uuid}`);
  assert.deepEqual(body, good.body);
});

test('an id that is no UUID is 400, an unknown one 404, a taken one 409', async () => {
  const { body: made } = await create();
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const body = method === 'PATCH' ? [] : undefined;
    const bad = await api.ask(method, '/v1/inspection_rules/name', { body });
    const none = await api.ask(method, `/v1/inspection_rules/${randomUUID()}`, { body });
    assert.deepEqual([bad.status, none.status], [400, 404], method);
  }
  assert.equal((await create({ uuid: made.uuid })).status, 409);
});

test('lists are short, filtered by phase and paged; one or all are deleted', async () => {
  for (const priority of [1, 2, 3]) await create({ priority });
  const list = async (query: string): Promise<Answer['body']> =>
    (await api.ask('GET', `/v1/inspection_rules${query}`)).body;

  const first = await list('?limit=2&sort_key=priority&sort_dir=desc');
  assert.deepEqual(
    first.inspection_rules.map(({ priority }: { priority: number }) => priority),
    [3, 2],
  );
  assert.match(first.next, /\/v1\/inspection_rules\?.*marker=/);
  assert.deepEqual(Object.keys(first.inspection_rules[0]).sort(), [
    'description',
    'links',
    'phase',
    'priority',
    'uuid',
  ]);
  assert.equal((await list('?phase=main')).inspection_rules.length, 3);
  assert.equal((await list('?phase=other')).inspection_rules.length, 0);
  assert.equal((await api.ask('GET', '/v1/inspection_rules?sort_key=actions')).status, 400);

  const { uuid } = first.inspection_rules[0];
  assert.equal((await api.ask('DELETE', `/v1/inspection_rules/${uuid}`)).status, 204);
  assert.equal((await list('')).inspection_rules.length, 2);
  assert.equal((await api.ask('DELETE', '/v1/inspection_rules?phase=x')).status, 400);
  assert.equal((await api.ask('DELETE', '/v1/inspection_rules')).status, 204);
  assert.equal((await list('')).inspection_rules.length, 0);
});

test('rules are of the system: its readers read, its administrators write', async () => {
  const { body: made } = await create();
  const expected: readonly (readonly [Persona, number, number])[] = [
    ['system-admin', 200, 200],
    ['system-member', 200, 403],
    ['system-reader', 200, 403],
    ['owner-manager', 403, 403],
    ['stranger-reader', 403, 403],
  ];
  for (const [persona, read, write] of expected) {
    const me = as(persona);
    const path = `/v1/inspection_rules/${made.uuid}`;
    assert.equal((await api.ask('GET', path, me)).status, read, persona);
    assert.equal((await api.ask('GET', '/v1/inspection_rules', me)).status, read, persona);
    assert.equal((await api.ask('PATCH', path, { body: [], ...me })).status, write, persona);
    assert.equal((await create({}, me)).status, write === 200 ? 201 : 403, persona);
    const all = await api.ask('DELETE', '/v1/inspection_rules?x=1', me);
    assert.equal(all.status, write === 200 ? 400 : 403, persona);
  }
});

test('below 1.96 there is nothing to read and no method to write with', async () => {
  const { body: made } = await create();
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', end = ''): Promise<number> =>
    (await api.ask(method, `/v1/inspection_rules${end}`, { version: '1.95', body: {} })).status;

  const one = `/${made.uuid}`;
  assert.deepEqual(
    [
      await ask('GET'),
      await ask('GET', one),
      await ask('POST'),
      await ask('DELETE'),
      await ask('PATCH', one),
      await ask('DELETE', one),
    ],
    [404, 404, 405, 405, 405, 405],
  );
});
