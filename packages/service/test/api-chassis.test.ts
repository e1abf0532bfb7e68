// Chassis over the API: create, read, list, change, delete, and the nodes in them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { as, authenticatePersona, OWNER } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const BASE = 'http://test.example:6385';
const NOBODY = '11111111-2222-4333-8444-555555555555';

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
beforeEach(async () => {
  for (const table of ['node', 'chassis'] as const) {
    await api.parts.store.db.deleteFrom(table).execute();
  }
});
after(() => api.close());

const make = async (body: object = {}): Promise<Answer['body']> => {
  const answer = await api.ask('POST', '/v1/chassis', { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
};

const patch = (uuid: string, ...body: readonly object[]): Promise<Answer> =>
  api.ask('PATCH', `/v1/chassis/${uuid}`, { body });

test('a chassis is created with nothing said, and with everything, in any script', async () => {
  const { status, headers, body } = await api.ask('POST', '/v1/chassis', { body: {} });
  const place = `${BASE}/v1/chassis/${body.uuid}`;
  const bookmark = place.replace('/v1/', '/');
  const { uuid: _uuid, created_at: _created, ...others } = body;
  assert.equal(status, 201);
  assert.equal(headers['location'], place);
  assert.deepEqual(others, {
    description: null,
    extra: {},
    updated_at: null,
    nodes: [
      [
        { href: `${place}/nodes`, rel: 'self' },
        { href: `${bookmark}/nodes`, rel: 'bookmark' },
      ],
    ],
    links: [
      { href: place, rel: 'self' },
      { href: bookmark, rel: 'bookmark' },
    ],
  });

  const said = { uuid: randomUUID(), description: 'Шасси 机箱 🖧', extra: { rack: 'r1' } };
  const made = await make(said);
  for (const [name, value] of Object.entries(said)) assert.deepEqual(made[name], value);
  assert.deepEqual((await api.ask('GET', `/v1/chassis/${said.uuid}`)).body, made);
  const again = await api.ask('POST', '/v1/chassis', { body: { uuid: said.uuid } });
  assert.deepEqual(
    [again.status, again.fault],
    [409, `A chassis with UUID ${said.uuid} already exists.`],
  );
});

test('a chassis that is not as it must be is refused, and the field is named', async () => {
  for (const [name, value] of Object.entries({
    uuid: 'x',
    description: 'x'.repeat(256),
    extra: [],
    nodes: [],
    zzz: 1,
  })) {
    const { status, fault } = await api.ask('POST', '/v1/chassis', { body: { [name]: value } });
    assert.equal(status, 400, name);
    assert.match(String(fault), new RegExp(name));
  }
  await make({ description: 'x'.repeat(255) });
});

test('a chassis is found by its UUID only', async () => {
  const { uuid } = await make();
  assert.equal((await api.ask('GET', `/v1/chassis/${uuid.toUpperCase()}`)).status, 200);
  assert.equal((await api.ask('GET', '/v1/chassis/rack')).status, 400);
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const options = method === 'PATCH' ? { body: [] } : {};
    const { status, fault } = await api.ask(method, `/v1/chassis/${NOBODY}`, options);
    assert.deepEqual([status, fault], [404, `Chassis ${NOBODY} could not be found.`]);
  }
});

test('lists are short, or in full, or by fields, and come in pages', async () => {
  const first = await make({ description: 'b' });
  const second = await make({ description: 'a' });
  const get = async (url: string, version = '1.115'): Promise<Answer['body']> =>
    (await api.ask('GET', `/v1/chassis${url}`, { version })).body;

  const short = (await get('')).chassis;
  assert.deepEqual(Object.keys(short[0]), ['uuid', 'description', 'links']);
  for (const url of ['/detail', '?detail=true'])
    assert.deepEqual((await get(url)).chassis, [first, second]);
  assert.deepEqual(Object.keys((await get('?fields=extra')).chassis[0]), ['extra', 'links']);
  assert.deepEqual(Object.keys(await get(`/${first.uuid}?fields=extra`)), ['extra', 'links']);
  const page = await get('?limit=1&sort_key=description');
  assert.equal(page.chassis[0].uuid, second.uuid);
  const next = await get(page.next.slice(`${BASE}/v1/chassis`.length));
  assert.equal(next.chassis[0].uuid, first.uuid);

  for (const [query, version, status] of [
    ['?fields=uuid', '1.7', 406],
    ['?detail=true', '1.42', 400],
    ['?fields=zzz', '1.115', 400],
    ['?fields=uuid&detail=true', '1.115', 400],
    ['/detail?fields=uuid', '1.115', 400],
    ['?sort_key=extra', '1.115', 400],
    ['?limit=0', '1.115', 400],
    [`?marker=${NOBODY}`, '1.115', 404],
  ] as const) {
    const answer = await api.ask('GET', `/v1/chassis${query}`, { version });
    assert.equal(answer.status, status, query);
  }
});

test('a chassis is patched as a whole or not at all', async () => {
  const { uuid } = await make({ description: 'old', extra: { a: 1 } });

  const changed = await patch(
    uuid,
    { op: 'replace', path: '/description', value: 'new' },
    { op: 'add', path: '/extra/b', value: 2 },
    { op: 'remove', path: '/extra/a' },
  );
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([changed.body.description, changed.body.extra], ['new', { b: 2 }]);
  assert.notEqual(changed.body.updated_at, null);
  assert.deepEqual((await patch(uuid)).body, changed.body);

  const refused = await patch(
    uuid,
    { op: 'remove', path: '/description' },
    { op: 'remove', path: '/extra/zzz' },
  );
  const unknown = await patch(uuid, { op: 'add', path: '/zzz', value: 1 });
  assert.deepEqual([refused.status, unknown.status], [400, 400]);
  assert.equal(
    unknown.fault,
    'Cannot patch /zzz. Only the following can be updated: /description, /extra',
  );
  assert.deepEqual((await api.ask('GET', `/v1/chassis/${uuid}`)).body, changed.body);
  assert.equal((await patch(uuid, { op: 'remove', path: '/description' })).body.description, null);
});

test('the nodes of a chassis are the list of nodes, filtered and paged like it', async () => {
  const { uuid } = await make();
  const other = await make();
  const inside = [
    await api.createNode({ name: 'a', chassis_uuid: uuid, owner: OWNER }),
    await api.createNode({ name: 'b', chassis_uuid: uuid }),
  ];
  await api.createNode({ name: 'c', chassis_uuid: other.uuid });
  const place = `/v1/chassis/${uuid}/nodes`;
  const names = async (url: string, options = {}): Promise<readonly string[]> => {
    const { status, body, text } = await api.ask('GET', url, options);
    assert.equal(status, 200, text);
    return body.nodes.map((each: { readonly name: string }) => each.name);
  };

  assert.deepEqual(await names(place), ['a', 'b']);
  assert.deepEqual(await names(`${place}?sort_key=name&sort_dir=desc`), ['b', 'a']);
  assert.deepEqual(await names(`${place}?chassis_uuid=${other.uuid}`), ['a', 'b']);
  assert.deepEqual(await names(`${place}?owner=${OWNER}`), ['a']);
  assert.deepEqual(await names(place, as('owner-reader')), ['a']);
  const full = (await api.ask('GET', `${place}/detail`)).body.nodes[0];
  assert.deepEqual(full, (await api.ask('GET', `/v1/nodes/${inside[0]?.uuid}`)).body);
  const page = (await api.ask('GET', `${place}?limit=1`)).body;
  assert.match(page.next, new RegExp(`^${BASE}${place}\\?.*marker=${inside[0]?.uuid}$`));
  assert.deepEqual(await names(page.next.slice(BASE.length)), ['b']);
  assert.equal((await api.ask('GET', `/v1/chassis/${NOBODY}/nodes`)).status, 404);
  assert.equal((await api.ask('GET', '/v1/chassis/x/nodes')).status, 400);
});

test('a chassis with nodes stays, an empty one goes', async () => {
  const { uuid } = await make();
  const node = await api.createNode({ chassis_uuid: uuid });

  const occupied = await api.ask('DELETE', `/v1/chassis/${uuid}`);
  await api.ask('DELETE', `/v1/nodes/${node.uuid}`);
  const empty = await api.ask('DELETE', `/v1/chassis/${uuid}`);

  assert.deepEqual(
    [occupied.status, occupied.fault],
    [400, `Cannot complete the requested action because chassis ${uuid} contains nodes.`],
  );
  assert.equal(empty.status, 204);
});

test('projects have nothing to do with chassis; readers of the system read them', async () => {
  const { uuid } = await make();
  const asks = [
    ['GET', '/v1/chassis', undefined],
    ['GET', `/v1/chassis/${uuid}`, undefined],
    ['PATCH', `/v1/chassis/${uuid}`, [{ op: 'add', path: '/extra/a', value: 1 }]],
    ['POST', '/v1/chassis', {}],
    ['DELETE', `/v1/chassis/${uuid}`, undefined],
  ] as const;
  for (const [persona, expected] of [
    ['owner-manager', [403, 403, 403, 403, 403]],
    ['system-reader', [200, 200, 403, 403, 403]],
    ['system-member', [200, 200, 200, 403, 403]],
    ['system-admin', [200, 200, 200, 201, 204]],
  ] as const) {
    const statuses: number[] = [];
    for (const [method, url, body] of asks) {
      const options = { ...as(persona), ...(body === undefined ? {} : { body }) };
      statuses.push((await api.ask(method, url, options)).status);
    }
    assert.deepEqual(statuses, expected, persona);
  }
});
