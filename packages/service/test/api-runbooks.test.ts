// Runbooks over the API: what they are, and whose.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { as, authenticatePersona, LESSEE, OWNER, type Persona } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const STEP = { interface: 'raid', step: 'create_configuration', args: {}, order: 2 };
const FIRST = { interface: 'raid', step: 'delete_configuration', args: { a: 1 }, order: 1 };

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
beforeEach(() => api.parts.store.db.deleteFrom('runbook').execute());
after(() => api.close());

const create = (body: object = {}, options: object = {}): Promise<Answer> =>
  api.ask('POST', '/v1/runbooks', {
    body: { name: 'CUSTOM_RAID', steps: [STEP, FIRST], ...body },
    ...options,
  });
const patch = (ident: string, operations: object[], options: object = {}): Promise<Answer> =>
  api.ask('PATCH', `/v1/runbooks/${ident}`, { body: operations, ...options });
const show = (ident: string, options: object = {}): Promise<Answer> =>
  api.ask('GET', `/v1/runbooks/${ident}`, options);

const FIRST_KEYS = [
  'created_at',
  'disable_ramdisk',
  'extra',
  'links',
  'name',
  'owner',
  'public',
  'steps',
  'updated_at',
  'uuid',
];

test('a created runbook is answered with 201, its place and the keys of its version', async () => {
  const made = await create({ disable_ramdisk: 'yes', description: 'two steps' });
  const { body: old } = await show('CUSTOM_RAID', { version: '1.111' });

  assert.equal(made.status, 201);
  assert.equal(made.headers['location'], `http://test.example:6385/v1/runbooks/${made.body.uuid}`);
  assert.deepEqual(Object.keys(made.body).sort(), [...FIRST_KEYS, 'description', 'traits'].sort());
  assert.deepEqual(Object.keys(old).sort(), FIRST_KEYS);
  assert.deepEqual(made.body.steps, [STEP, FIRST]);
  assert.deepEqual(
    [made.body.disable_ramdisk, made.body.public, made.body.owner, made.body.traits],
    [true, false, null, []],
  );
  assert.deepEqual((await show(made.body.uuid)).body, made.body);
});

test('names are traits below 1.112, and any logical name from then on', async () => {
  const old = await create({ name: 'free-name' }, { version: '1.111' });
  const free = await create({ name: 'free-name' });
  const spaced = await create({ name: 'free name' });
  const uuid = await create({ name: randomUUID() });

  assert.deepEqual([old.status, free.status, spaced.status, uuid.status], [400, 201, 400, 400]);
  assert.match(old.fault ?? '', /name: "free-name" is not a trait/);
  // What is named freely stays patchable for older clients, as long as they leave the name alone.
  const patched = await patch('free-name', [{ op: 'add', path: '/extra/a', value: 1 }], {
    version: '1.92',
  });
  assert.deepEqual([patched.status, patched.body.extra], [200, { a: 1 }]);
});

const BAD: readonly (readonly [what: string, body: object, names: RegExp])[] = [
  ['no name', { name: undefined }, /'name' is a required property/],
  ['no steps', { steps: undefined }, /'steps' is a required property/],
  ['an empty list', { steps: [] }, /steps: it must be a list of 1 to 500/],
  ['an object as steps', { steps: {} }, /steps: it must be a list/],
  ['a text as step', { steps: ['x'] }, /steps: x is not an object/],
  ['a step without order', { steps: [{ ...STEP, order: undefined }] }, /'order' is a required/],
  ['a step without arguments', { steps: [{ ...STEP, args: undefined }] }, /'args' is a required/],
  ['a negative order', { steps: [{ ...STEP, order: -1 }] }, /-1 is not an integer/],
  ['a priority', { steps: [{ ...STEP, priority: 1 }] }, /'priority' was unexpected/],
  ['a step twice', { steps: [STEP, STEP] }, /more often: interface: raid/],
  ['an owner of a public one', { public: true, owner: 'x' }, /cannot be an owner for a public/],
  ['traits', { traits: ['CUSTOM_A'] }, /'traits' was unexpected/],
  ['a long owner', { owner: 'x'.repeat(256) }, /owner/],
  ['a number as flag', { public: 7 }, /public/],
  ['an unknown key', { foo: 1 }, /'foo' was unexpected/],
];

test('bad bodies are 400, name the field, and make nothing', async () => {
  for (const [what, body, names] of BAD) {
    const { status, fault } = await create(body);

    assert.equal(status, 400, what);
    assert.match(fault ?? '', names, what);
  }
  const old = await create({ description: 'x' }, { version: '1.111' });
  assert.deepEqual([old.status, (await api.ask('GET', '/v1/runbooks')).body.runbooks], [400, []]);
});

test('a name or UUID that is taken is 409', async () => {
  const { body: made } = await create();

  const [name, uuid] = [await create(), await create({ name: 'CUSTOM_X', uuid: made.uuid })];

  assert.equal(name.fault, 'A runbook with name CUSTOM_RAID already exists.');
  assert.deepEqual([name.status, uuid.status], [409, 409]);
});

test('secrets in arguments are never shown', async () => {
  const made = await create({ steps: [{ ...STEP, args: { password: 'CANARY' } }] });

  for (const answer of [
    made,
    await show('CUSTOM_RAID'),
    await api.ask('GET', '/v1/runbooks?detail=true'),
    await patch('CUSTOM_RAID', [{ op: 'add', path: '/extra/a', value: 1 }]),
  ]) {
    assert.ok(!answer.text.includes('CANARY'));
    assert.ok(answer.text.includes('"password":"******"'));
  }
});

test('a patch changes what may be changed, and nothing when one operation fails', async () => {
  await create();

  const good = await patch('CUSTOM_RAID', [
    { op: 'replace', path: '/name', value: 'new.name' },
    { op: 'replace', path: '/steps/0/order', value: '9' },
    { op: 'replace', path: '/disable_ramdisk', value: true },
    { op: 'add', path: '/description', value: 'what it does' },
  ]);
  assert.equal(good.status, 200);
  assert.deepEqual(good.body.steps, [{ ...STEP, order: 9 }, FIRST]);
  assert.deepEqual([good.body.name, good.body.description], ['new.name', 'what it does']);

  for (const operations of [
    [{ op: 'remove', path: '/steps' }],
    [{ op: 'add', path: '/steps/-', value: STEP }],
    [{ op: 'add', path: '/traits', value: ['CUSTOM_A'] }],
    [{ op: 'replace', path: '/uuid', value: randomUUID() }],
    [
      { op: 'replace', path: '/name', value: 'never' },
      { op: 'remove', path: '/extra/none' },
    ],
  ]) {
    const bad = await patch('new.name', operations);
    assert.equal(bad.status, 400, JSON.stringify(operations));
  }
  assert.deepEqual((await show('new.name')).body, good.body);
  const removed = await patch('new.name', [{ op: 'remove', path: '/description' }]);
  assert.equal(removed.body.description, null);
  const old = await patch('new.name', [{ op: 'add', path: '/description', value: 'x' }], {
    version: '1.111',
  });
  assert.equal(old.status, 400);
});

test('what becomes public loses its owner, and gets none while it is public', async () => {
  await create({ owner: OWNER });

  const opened = await patch('CUSTOM_RAID', [{ op: 'replace', path: '/public', value: true }]);
  const owned = await patch('CUSTOM_RAID', [{ op: 'add', path: '/owner', value: OWNER }]);
  const both = await patch('CUSTOM_RAID', [
    { op: 'replace', path: '/public', value: true },
    { op: 'add', path: '/owner', value: OWNER },
  ]);
  const closed = await patch('CUSTOM_RAID', [
    { op: 'replace', path: '/public', value: false },
    { op: 'add', path: '/owner', value: OWNER },
  ]);

  assert.deepEqual([opened.body.public, opened.body.owner], [true, null]);
  assert.deepEqual([owned.status, both.status], [400, 400]);
  assert.match(owned.fault ?? '', /There cannot be an owner for a public runbook/);
  assert.deepEqual([closed.body.public, closed.body.owner], [false, OWNER]);
});

test('traits are added, replaced and removed below /traits', async () => {
  await create();
  const path = '/v1/runbooks/CUSTOM_RAID/traits';
  const traits = async (): Promise<unknown> => (await api.ask('GET', path)).body;

  const put = await api.ask('PUT', `${path}/CUSTOM_B`);
  await api.ask('PUT', `${path}/CUSTOM_B`);
  assert.deepEqual(
    [put.status, put.headers['location']],
    [204, `http://test.example:6385${path}/CUSTOM_B`],
  );
  await api.ask('PUT', `${path}/CUSTOM_A`);
  assert.deepEqual(await traits(), { traits: ['CUSTOM_A', 'CUSTOM_B'] });
  assert.deepEqual((await show('CUSTOM_RAID')).body.traits, ['CUSTOM_A', 'CUSTOM_B']);

  assert.equal((await api.ask('DELETE', `${path}/CUSTOM_NONE`)).status, 204);
  assert.equal((await api.ask('DELETE', `${path}/CUSTOM_A`)).status, 204);
  assert.deepEqual(await traits(), { traits: ['CUSTOM_B'] });

  const body = { traits: ['HW_CPU_X86_VMX', 'CUSTOM_Z', 'CUSTOM_Z'] };
  assert.equal((await api.ask('PUT', path, { body })).status, 204);
  assert.deepEqual(await traits(), { traits: ['CUSTOM_Z', 'HW_CPU_X86_VMX'] });
  assert.equal((await api.ask('DELETE', path)).status, 204);
  assert.deepEqual(await traits(), { traits: [] });

  const many = { traits: Array.from({ length: 501 }, (_, index) => `CUSTOM_${index}`) };
  for (const [end, each] of [
    ['', undefined],
    ['', {}],
    ['', { traits: 'CUSTOM_A' }],
    ['', { traits: ['bad'] }],
    ['', { traits: [], foo: 1 }],
    ['', many],
    ['/bad', undefined],
    ['/CUSTOM_A', { traits: [] }],
  ] as const) {
    const { status } = await api.ask('PUT', path + end, { body: each });
    assert.equal(status, 400, end);
  }
});

test('rivals that add traits lose none', async () => {
  await create();
  const wanted = ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C', 'CUSTOM_D', 'CUSTOM_E'];

  await Promise.all(
    wanted.map((trait) => api.ask('PUT', `/v1/runbooks/CUSTOM_RAID/traits/${trait}`)),
  );

  assert.deepEqual((await show('CUSTOM_RAID')).body.traits, wanted);
});

test('below their versions runbooks are 404 to read and 405 to write, their traits 404', async () => {
  await create();
  const statuses = async (version: string, end: string): Promise<readonly number[]> => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
    const answers = await Promise.all(
      methods.map((method) => api.ask(method, `/v1/runbooks${end}`, { version, body: {} })),
    );
    return answers.map(({ status }) => status);
  };

  assert.deepEqual((await statuses('1.91', '')).slice(0, 2), [404, 405]);
  const [get, , , patched, deleted] = await statuses('1.91', '/CUSTOM_RAID');
  assert.deepEqual([get, patched, deleted], [404, 405, 405]);
  const [read, , put, , removed] = await statuses('1.111', '/CUSTOM_RAID/traits');
  assert.deepEqual([read, put, removed], [404, 404, 404]);
  assert.equal((await api.ask('GET', '/v1/runbooks', { version: '1.92' })).status, 200);
});

test('each persona sees its own runbooks and the public ones, and touches only its own', async () => {
  const { body: owned } = await create({ name: 'CUSTOM_OWNED', owner: OWNER });
  await create({ name: 'CUSTOM_PUBLIC', public: true });
  await create({ name: 'CUSTOM_NOBODYS' });
  const ALL = ['CUSTOM_OWNED', 'CUSTOM_PUBLIC', 'CUSTOM_NOBODYS'];

  const expected: readonly (readonly [Persona, readonly string[], number, number, number])[] = [
    ['system-admin', ALL, 200, 200, 200],
    ['system-member', ALL, 200, 200, 200],
    ['system-reader', ALL, 200, 403, 403],
    ['owner-manager', ['CUSTOM_OWNED', 'CUSTOM_PUBLIC'], 200, 200, 403],
    ['owner-member', ['CUSTOM_OWNED', 'CUSTOM_PUBLIC'], 200, 403, 403],
    ['owner-reader', ['CUSTOM_OWNED', 'CUSTOM_PUBLIC'], 200, 403, 403],
    ['stranger-manager', ['CUSTOM_PUBLIC'], 404, 404, 404],
    ['stranger-reader', ['CUSTOM_PUBLIC'], 404, 404, 404],
  ];
  for (const [persona, visible, shown, patched, given] of expected) {
    const me = as(persona);
    const list = await api.ask('GET', '/v1/runbooks', me);
    assert.deepEqual(
      list.body.runbooks.map(({ name }: { name: string }) => name),
      visible,
      persona,
    );
    assert.equal((await show(owned.uuid, me)).status, shown, persona);
    assert.equal((await show('CUSTOM_PUBLIC', me)).status, 200, persona);
    const extra = [{ op: 'add', path: '/extra/a', value: persona }];
    assert.equal((await patch(owned.uuid, extra, me)).status, patched, persona);
    const owner = [{ op: 'replace', path: '/owner', value: OWNER }];
    assert.equal((await patch(owned.uuid, owner, me)).status, given, persona);
    const trait = await api.ask('PUT', `/v1/runbooks/${owned.uuid}/traits/CUSTOM_A`, me);
    assert.equal(trait.status, patched === 200 ? 204 : patched, persona);
  }
  const stranger = await api.ask('DELETE', `/v1/runbooks/${owned.uuid}`, as('stranger-manager'));
  const open = await api.ask('DELETE', '/v1/runbooks/CUSTOM_PUBLIC', as('stranger-manager'));
  const mine = await api.ask('DELETE', `/v1/runbooks/${owned.uuid}`, as('owner-manager'));
  assert.deepEqual([stranger.status, open.status, mine.status], [404, 403, 204]);
});

test('people of a project make runbooks for their project and for nobody else', async () => {
  const me = as('owner-manager');

  const made = await create({}, me);
  const foreign = await create({ name: 'CUSTOM_X', owner: LESSEE }, me);
  const open = await create({ name: 'CUSTOM_X', public: true }, me);
  const opened = await patch('CUSTOM_RAID', [{ op: 'replace', path: '/public', value: true }], me);
  const reader = await create({ name: 'CUSTOM_X' }, as('owner-reader'));

  assert.deepEqual([made.status, made.body.owner], [201, OWNER]);
  assert.deepEqual([foreign.status, open.status], [400, 400]);
  assert.match(foreign.fault ?? '', /other than your own project/);
  assert.deepEqual([opened.status, reader.status], [403, 403]);
});

test('a project can be asked for: by the system any, by others their own', async () => {
  await create({ name: 'CUSTOM_OWNED', owner: OWNER });
  await create({ name: 'CUSTOM_NOBODYS' });
  const ask = (project: string, options: object = {}): Promise<Answer> =>
    api.ask('GET', `/v1/runbooks?project=${project}`, options);

  assert.equal((await ask(OWNER)).body.runbooks.length, 1);
  assert.equal((await ask(OWNER, as('owner-reader'))).body.runbooks.length, 1);
  assert.equal((await ask(OWNER, as('stranger-reader'))).status, 403);
});

test('lists are short, full by detail, and paged within what the caller may see', async () => {
  for (const name of ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C']) await create({ name, owner: OWNER });
  await create({ name: 'CUSTOM_NOBODYS' });

  const me = as('owner-reader');
  const { body: first } = await api.ask('GET', '/v1/runbooks?limit=2', me);
  const { body: rest } = await api.ask(
    'GET',
    first.next.slice('http://test.example:6385'.length),
    me,
  );
  const { body: full } = await api.ask('GET', '/v1/runbooks?detail=true', { version: '1.92' });

  assert.deepEqual(Object.keys(first.runbooks[0]), ['uuid', 'name', 'links']);
  assert.deepEqual(
    [...first.runbooks, ...rest.runbooks].map(({ name }) => name),
    ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C'],
  );
  assert.deepEqual(Object.keys(full.runbooks[0]).sort(), FIRST_KEYS);
  assert.equal((await api.ask('GET', '/v1/runbooks?sort_key=traits')).status, 400);
  assert.equal(
    (await api.ask('GET', '/v1/runbooks?fields=traits', { version: '1.92' })).status,
    400,
  );
});

test('runbook and steps together are refused in the provision call', async () => {
  const node = await api.createNode();
  await create();

  const { status, fault } = await api.ask('PUT', `/v1/nodes/${node.uuid}/states/provision`, {
    body: { target: 'clean', runbook: 'CUSTOM_RAID', clean_steps: [STEP] },
  });

  assert.equal(status, 400);
  assert.ok((fault ?? '') !== '');
});
