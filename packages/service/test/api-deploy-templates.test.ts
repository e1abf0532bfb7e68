// Deploy templates over the API.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { type Answer, type Api, openApi } from './api/with-api.ts';

const STEP = {
  interface: 'bios',
  step: 'apply_configuration',
  args: { settings: [{ name: 'hyperthreading', value: 'on' }] },
  priority: 150,
};
const OTHER = { interface: 'raid', step: 'create_configuration', args: {}, priority: 10 };

let api: Api;
before(async () => {
  api = await openApi();
});
beforeEach(() => api.parts.store.db.deleteFrom('deploy_template').execute());
after(() => api.close());

const create = (body: object = {}): Promise<Answer> =>
  api.ask('POST', '/v1/deploy_templates', {
    body: { name: 'CUSTOM_HT', steps: [STEP], ...body },
  });

test('a created template is answered with 201, its place and itself, and is found by both names', async () => {
  const uuid = randomUUID();

  const made = await create({ uuid, extra: { a: 1 }, description: 'kept, not shown' });

  assert.equal(made.status, 201);
  assert.equal(made.headers['location'], `http://test.example:6385/v1/deploy_templates/${uuid}`);
  assert.deepEqual(Object.keys(made.body).sort(), [
    'created_at',
    'extra',
    'links',
    'name',
    'steps',
    'updated_at',
    'uuid',
  ]);
  assert.deepEqual(made.body.steps, [STEP]);
  assert.equal(made.body.links[0].href, made.headers['location']);
  for (const ident of [uuid, 'CUSTOM_HT', uuid.toUpperCase()]) {
    const { status, body } = await api.ask('GET', `/v1/deploy_templates/${ident}`);
    assert.deepEqual([status, body], [200, made.body]);
  }
});

test('secrets in the arguments of steps are never shown, and stay when something else is patched', async () => {
  const step = { ...STEP, args: { admin_password: 'CANARY', deep: [{ token: 'CANARY' }] } };
  const made = await create({ steps: [step] });

  const patched = await api.ask('PATCH', '/v1/deploy_templates/CUSTOM_HT', {
    body: [{ op: 'replace', path: '/steps/0/priority', value: 7 }],
  });

  for (const answer of [
    made,
    patched,
    await api.ask('GET', '/v1/deploy_templates/CUSTOM_HT?fields=steps'),
    await api.ask('GET', '/v1/deploy_templates?detail=true'),
  ]) {
    assert.ok(!answer.text.includes('CANARY'));
    assert.ok(answer.text.includes('"admin_password":"******"'));
  }
  const row = await api.parts.store.db
    .selectFrom('deploy_template')
    .select('steps')
    .executeTakeFirstOrThrow();
  assert.ok(row.steps.includes('"admin_password":"CANARY"'));
  assert.ok(row.steps.includes('"priority":7'));
});

const BAD: readonly (readonly [what: string, body: object, names: RegExp])[] = [
  ['no name', { name: undefined }, /'name' is a required property/],
  ['null as name', { name: null }, /'name' is a required property/],
  ['a name that is no trait', { name: 'CUSTOM-HT' }, /name: "CUSTOM-HT" is not a trait/],
  ['a long name', { name: `CUSTOM_${'A'.repeat(249)}` }, /is not a trait/],
  ['no steps', { steps: undefined }, /'steps' is a required property/],
  ['an empty list', { steps: [] }, /deploy_steps/],
  ['an object as steps', { steps: {} }, /deploy_steps/],
  ['a text as step', { steps: ['x'] }, /deploy_steps.*object/],
  ['a step without interface', { steps: [{ ...STEP, interface: undefined }] }, /'interface'/],
  ['a step without name', { steps: [{ ...STEP, step: undefined }] }, /'step'/],
  ['a step without arguments', { steps: [{ ...STEP, args: undefined }] }, /'args'/],
  ['a step without priority', { steps: [{ ...STEP, priority: undefined }] }, /'priority'/],
  ['a negative priority', { steps: [{ ...STEP, priority: -1 }] }, /-1 is not an integer/],
  ['an unknown interface', { steps: [{ ...STEP, interface: 'foo' }] }, /foo is not one of/],
  ['an unknown key of a step', { steps: [{ ...STEP, foo: 1 }] }, /'foo' was unexpected/],
  ['a step twice', { steps: [STEP, { ...STEP, priority: 1 }] }, /more often: interface: bios/],
  ['a list as extra', { extra: [] }, /extra/],
  ['a long description', { description: 'x'.repeat(256) }, /description/],
  ['an unknown key', { foo: 1 }, /'foo' was unexpected/],
  ['a UUID that is none', { uuid: 'x' }, /Expected UUID for uuid/],
];

test('bad bodies are 400, name the field, and make nothing', async () => {
  for (const [what, body, names] of BAD) {
    const { status, fault } = await create(body);

    assert.equal(status, 400, what);
    assert.match(fault ?? '', names, what);
  }
  const { body } = await api.ask('GET', '/v1/deploy_templates');
  assert.deepEqual(body.deploy_templates, []);
});

test('a name or UUID that is taken is 409, when created and when patched', async () => {
  const { body: first } = await create();
  await create({ name: 'CUSTOM_OTHER' });

  const name = await create();
  const uuid = await create({ name: 'CUSTOM_X', uuid: first.uuid });
  const renamed = await api.ask('PATCH', '/v1/deploy_templates/CUSTOM_OTHER', {
    body: [{ op: 'replace', path: '/name', value: 'CUSTOM_HT' }],
  });

  assert.deepEqual(
    [name.status, name.fault],
    [409, 'A deploy template with name CUSTOM_HT already exists.'],
  );
  assert.deepEqual([uuid.status, renamed.status], [409, 409]);
});

test('lists are short, full by detail, cut by fields, and paged', async () => {
  const names = ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C'];
  for (const name of names) await create({ name });

  const { body: short } = await api.ask('GET', '/v1/deploy_templates');
  const { body: page } = await api.ask(
    'GET',
    '/v1/deploy_templates?limit=2&sort_key=name&sort_dir=desc',
  );
  const { body: rest } = await api.ask('GET', page.next.replace('http://test.example:6385', ''));
  const { body: some } = await api.ask('GET', '/v1/deploy_templates?fields=name,steps');
  const { body: full } = await api.ask('GET', '/v1/deploy_templates?detail=True');

  assert.deepEqual(Object.keys(short.deploy_templates[0]), ['uuid', 'name', 'links']);
  assert.deepEqual(
    [...page.deploy_templates, ...rest.deploy_templates].map(({ name }) => name),
    names.toReversed(),
  );
  assert.equal(rest.next, undefined);
  assert.deepEqual(Object.keys(some.deploy_templates[0]), ['name', 'steps', 'links']);
  assert.deepEqual(full.deploy_templates[0].steps, [STEP]);
});

test('what cannot be asked of a list is refused', async () => {
  for (const [query, status] of [
    ['sort_key=steps', 400],
    ['sort_key=extra', 400],
    ['sort_key=foo', 400],
    ['fields=foo', 400],
    ['fields=description', 400],
    ['fields=name&detail=true', 400],
    ['limit=0', 400],
    ['limit=x', 400],
    ['marker=x', 404],
    ['marker=x%20y', 400],
    [`marker=${randomUUID()}`, 404],
    ['foo=1', 400],
  ] as const) {
    const answer = await api.ask('GET', `/v1/deploy_templates?${query}`);
    assert.equal(answer.status, status, query);
  }
});

test('a patch may rename, put steps in, out and elsewhere, and change extra', async () => {
  const { body: made } = await create({ extra: { a: 1 } });
  const patch = (...body: object[]): Promise<Answer> =>
    api.ask('PATCH', `/v1/deploy_templates/${made.uuid}`, { body });

  const added = await patch({ op: 'add', path: '/steps/-', value: OTHER });
  const moved = await patch(
    { op: 'add', path: '/steps/0', value: { ...OTHER, step: 'delete_configuration' } },
    { op: 'remove', path: '/steps/1' },
    { op: 'replace', path: '/name', value: 'CUSTOM_NEW' },
    { op: 'add', path: '/extra/b', value: 2 },
    { op: 'remove', path: '/extra/a' },
    { op: 'add', path: '/description', value: 'x' },
  );
  const { body: read } = await api.ask('GET', '/v1/deploy_templates/CUSTOM_NEW');

  assert.deepEqual(added.body.steps, [STEP, OTHER]);
  assert.deepEqual(moved.body.steps, [{ ...OTHER, step: 'delete_configuration' }, OTHER]);
  assert.deepEqual(moved.body.extra, { b: 2 });
  assert.notEqual(moved.body.updated_at, null);
  assert.deepEqual(read, moved.body);
});

test('patches that cannot be are 400 and change nothing', async () => {
  const { body: made } = await create();
  for (const operations of [
    [{ op: 'remove', path: '/steps/0' }],
    [{ op: 'remove', path: '/steps' }],
    [{ op: 'remove', path: '/name' }],
    [{ op: 'replace', path: '/name', value: 'bad' }],
    [{ op: 'replace', path: '/name', value: null }],
    [{ op: 'add', path: '/steps/-', value: STEP }],
    [{ op: 'add', path: '/steps/9', value: OTHER }],
    [{ op: 'replace', path: '/steps/0/interface', value: 'foo' }],
    [{ op: 'replace', path: '/uuid', value: randomUUID() }],
    [{ op: 'add', path: '/foo', value: 1 }],
    [{ op: 'replace', path: '/extra/none', value: 1 }],
    [{ op: 'add', path: '/extra/__proto__', value: 1 }],
    [
      { op: 'add', path: '/extra/a', value: 1 },
      { op: 'remove', path: '/extra/none' },
    ],
    [{ op: 'test', path: '/name', value: 'CUSTOM_HT' }],
  ]) {
    const { status, fault } = await api.ask('PATCH', '/v1/deploy_templates/CUSTOM_HT', {
      body: operations,
    });
    assert.equal(status, 400, JSON.stringify(operations));
    assert.ok((fault ?? '').length > 5);
  }
  const { body } = await api.ask('GET', '/v1/deploy_templates/CUSTOM_HT');
  assert.deepEqual(body, made);
});

test('a deleted template is gone, and one that is not there is 404 to every method', async () => {
  await create();

  assert.equal((await api.ask('DELETE', '/v1/deploy_templates/CUSTOM_HT')).status, 204);

  for (const ident of ['CUSTOM_HT', randomUUID()]) {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      const body = method === 'PATCH' ? [] : undefined;
      const answer = await api.ask(method, `/v1/deploy_templates/${ident}`, { body });
      assert.equal(answer.status, 404, `${method} ${ident}`);
      assert.match(answer.fault ?? '', /Deploy template .* could not be found/);
    }
  }
});

test('below 1.55 there is nothing to read and no method to write with', async () => {
  await create();
  const version = '1.54';
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', end = ''): Promise<number> =>
    (await api.ask(method, `/v1/deploy_templates${end}`, { version, body: {} })).status;

  assert.deepEqual(
    [
      await ask('GET'),
      await ask('GET', '/CUSTOM_HT'),
      await ask('POST'),
      await ask('PATCH', '/CUSTOM_HT'),
      await ask('DELETE', '/CUSTOM_HT'),
    ],
    [404, 404, 405, 405, 405],
  );
  assert.equal((await api.ask('GET', '/v1/deploy_templates', { version: '1.55' })).status, 200);
  assert.equal((await api.ask('PUT', '/v1/deploy_templates/CUSTOM_HT')).status, 405);
});

test('a name may end in .json', async () => {
  await create();

  const { status } = await api.ask('GET', '/v1/deploy_templates/CUSTOM_HT.json', {
    version: '1.90',
  });
  const newer = await api.ask('GET', '/v1/deploy_templates/CUSTOM_HT.json');

  assert.deepEqual([status, newer.status], [200, 404]);
});

test('two patches at once never lose a change silently', async () => {
  const { body: made } = await create();
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((key) =>
      api.ask('PATCH', `/v1/deploy_templates/${made.uuid}`, {
        body: [{ op: 'add', path: `/extra/${key}`, value: 1 }],
      }),
    ),
  );

  const { body } = await api.ask('GET', '/v1/deploy_templates/CUSTOM_HT');
  const written = answers.filter(({ status }) => status === 200).length;
  assert.equal(Object.keys(body.extra).length, written);
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
});
