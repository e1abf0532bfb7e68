// Nodes over the API: create, read, patch, delete, lists and pages, masking, the texts of refusals.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
beforeEach(async () => {
  await api.parts.store.db.deleteFrom('port').execute();
  await api.parts.store.db.deleteFrom('node').execute();
});
after(() => api.close());

const setState = (uuid: string, changes: Parameters<typeof updateNode>[2]): Promise<boolean> =>
  updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, changes);

test('a created node is answered with 201, its place, and its defaults', async () => {
  const { status, headers, body } = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', name: 'n1', properties: { cpus: 4 } },
  });

  assert.equal(status, 201);
  assert.equal(headers['location'], `http://test.example:6385/v1/nodes/${body.uuid}`);
  assert.equal(body.provision_state, 'enroll');
  assert.equal(body.power_interface, 'fake');
  assert.deepEqual(body.properties, { cpus: 4 });
  assert.match(body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
});

const BAD_BODIES: readonly (readonly [string, unknown])[] = [
  ['no driver', {}],
  ['a number as driver', { driver: 3 }],
  ['an unknown driver', { driver: 'zzz' }],
  ['an unknown key', { driver: 'fake-hardware', foo: 1 }],
  ['an unknown interface', { driver: 'fake-hardware', power_interface: 'zz' }],
  ['a list as properties', { driver: 'fake-hardware', properties: [] }],
  ['a name with a space', { driver: 'fake-hardware', name: 'a b' }],
  ['a reserved name', { driver: 'fake-hardware', name: 'detail' }],
  ['a UUID as name', { driver: 'fake-hardware', name: '11111111-2222-4333-8444-555555555555' }],
  ['a UUID that is none', { driver: 'fake-hardware', uuid: 'x' }],
  [
    'an unknown chassis',
    { driver: 'fake-hardware', chassis_uuid: '11111111-2222-4333-8444-555555555555' },
  ],
  ['an unknown parent', { driver: 'fake-hardware', parent_node: 'nobody' }],
  ['a long description', { driver: 'fake-hardware', description: 'x'.repeat(4_097) }],
  ['a reason without retirement', { driver: 'fake-hardware', retired_reason: 'x' }],
  ['network data without networks', { driver: 'fake-hardware', network_data: { links: [] } }],
  ['text', '"text"'],
  ['broken JSON', '{"driver": '],
  ['a poisoned prototype', '{"driver": "fake-hardware", "extra": {"__proto__": {"a": 1}}}'],
  [
    'a poisoned constructor',
    '{"driver": "fake-hardware", "extra": {"constructor": {"prototype": 1}}}',
  ],
];

test('bad bodies are 400 with a text, and make no node', async () => {
  for (const [what, body] of BAD_BODIES) {
    const { status, fault } = await api.ask('POST', '/v1/nodes', { body });

    assert.equal(status, 400, what);
    assert.ok((fault ?? '').length > 5, what);
  }
  const { body: list } = await api.ask('GET', '/v1/nodes');
  assert.deepEqual(list.nodes, []);
});

test('words for booleans are taken as booleans', async () => {
  const node = await api.createNode({ maintenance: 'yes', disable_power_off: 'F' });

  const { body } = await api.ask('GET', `/v1/nodes/${node.uuid}`);
  assert.equal(body.maintenance, true);
  assert.equal(body.disable_power_off, false);
});

test('an equal name, UUID or instance is 409 with a text that says which', async () => {
  const uuid = '11111111-2222-4333-8444-555555555555';
  await api.createNode({ name: 'n1', uuid, instance_uuid: uuid });

  const name = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', name: 'n1' },
  });
  const same = await api.ask('POST', '/v1/nodes', { body: { driver: 'fake-hardware', uuid } });
  const instance = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', instance_uuid: uuid },
  });

  assert.deepEqual([name.status, name.fault], [409, 'A node with name n1 already exists.']);
  assert.deepEqual([same.status, same.fault], [409, `A node with UUID ${uuid} already exists.`]);
  assert.equal(instance.status, 409);
  assert.match(instance.fault ?? '', /already associated/);
});

test('no secret of driver_info or instance_info is ever shown', async () => {
  const secrets = {
    redfish_password: 'CANARY',
    snmp_auth_key: 'CANARY',
    deep: { list: [{ api_token: 'CANARY' }], text: 'ipmitool --password CANARY' },
  };
  const info = { configdrive: 'CANARY', image_url: 'CANARY', image_source: 'http://a/b' };
  const made = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', name: 'n1', driver_info: secrets, instance_info: info },
  });
  await api.ask('PATCH', '/v1/nodes/n1', {
    body: [{ op: 'add', path: '/driver_info/other_secret', value: 'CANARY' }],
  });

  for (const url of ['/v1/nodes/n1', '/v1/nodes/detail', '/v1/nodes?detail=true']) {
    const { text } = await api.ask('GET', url);
    assert.ok(!text.includes('CANARY'), url);
  }
  assert.ok(!made.text.includes('CANARY'));
  assert.equal(made.body.driver_info.redfish_password, '******');
  assert.equal(made.body.instance_info.image_source, 'http://a/b');
});

test('a patch changes what it names and nothing else', async () => {
  await api.createNode({
    name: 'n1',
    driver_info: { redfish_password: 'CANARY' },
    extra: { a: 1 },
  });

  const { status, body } = await api.ask('PATCH', '/v1/nodes/n1', {
    body: [
      { op: 'add', path: '/extra/b', value: [1] },
      { op: 'remove', path: '/extra/a' },
      { op: 'replace', path: '/resource_class', value: 'big' },
    ],
  });

  assert.equal(status, 200);
  assert.deepEqual(body.extra, { b: [1] });
  assert.equal(body.resource_class, 'big');
});

test('an empty patch changes nothing and shows the node', async () => {
  await api.createNode({ name: 'n1' });

  const { status, body } = await api.ask('PATCH', '/v1/nodes/n1', { body: [] });

  assert.equal(status, 200);
  assert.equal(body.updated_at, null);
});

const BAD_PATCHES: readonly (readonly [string, unknown])[] = [
  ['no body', undefined],
  ['an object', {}],
  ['an unknown operation', [{ op: 'test', path: '/extra/a', value: 1 }]],
  ['an extra key', [{ op: 'add', path: '/extra/a', value: 1, x: 1 }]],
  ['a closed field', [{ op: 'replace', path: '/uuid', value: 'x' }]],
  ['an unknown field', [{ op: 'add', path: '/zzz', value: 1 }]],
  ['a missing member', [{ op: 'replace', path: '/extra/nope', value: 1 }]],
  ['a missing member to remove', [{ op: 'remove', path: '/extra/nope' }]],
  ['a required field to remove', [{ op: 'remove', path: '/driver' }]],
  ['maintenance to remove', [{ op: 'remove', path: '/maintenance' }]],
  ['no name', [{ op: 'replace', path: '/name', value: null }]],
  ['a path with a dot', [{ op: 'add', path: '/extra/a.b', value: 1 }]],
  ['the prototype', [{ op: 'add', path: '/extra/__proto__/a', value: 1 }]],
  ['the constructor', [{ op: 'add', path: '/extra/constructor', value: 1 }]],
  ['a text as extra', [{ op: 'replace', path: '/extra', value: 'x' }]],
  [
    'one bad of two',
    [
      { op: 'add', path: '/extra/a', value: 1 },
      { op: 'remove', path: '/extra/b' },
    ],
  ],
  ['reset without driver', [{ op: 'add', path: '/extra/a', value: 1 }]],
];

test('bad patches are 400 and change nothing', async () => {
  await api.createNode({ name: 'n1' });

  for (const [what, body] of BAD_PATCHES) {
    const query = what === 'reset without driver' ? '?reset_interfaces=true' : '';
    const { status } = await api.ask('PATCH', `/v1/nodes/n1${query}`, { body });

    assert.equal(status, 400, what);
  }
  const { body } = await api.ask('GET', '/v1/nodes/n1');
  assert.deepEqual([body.extra, body.updated_at], [{}, null]);
});

test('a node in transition, locked or being inspected cannot be patched', async () => {
  const { uuid } = await api.createNode({ name: 'n1' });
  const body = [{ op: 'add', path: '/extra/a', value: 1 }];

  await setState(uuid, { provisionState: 'cleaning', targetProvisionState: 'available' });
  const moving = await api.ask('PATCH', '/v1/nodes/n1', { body });
  await setState(uuid, { provisionState: 'inspecting', targetProvisionState: 'manageable' });
  const inspecting = await api.ask('PATCH', '/v1/nodes/n1', { body });
  await setState(uuid, {
    provisionState: 'manageable',
    targetProvisionState: null,
    reservation: 'c1',
  });
  const locked = await api.ask('PATCH', '/v1/nodes/n1', { body });

  assert.match(moving.fault ?? '', /can not be updated while a state transition is in progress/);
  assert.deepEqual([moving.status, inspecting.status, locked.status], [409, 409, 409]);
  assert.match(locked.fault ?? '', /is locked by host c1, please retry/);
});

test('what a node is made of changes only in open states or in maintenance', async () => {
  const { uuid } = await api.createNode({ name: 'n1' });
  const body = [{ op: 'replace', path: '/deploy_interface', value: 'fake' }];
  const other = [{ op: 'replace', path: '/driver', value: 'redfish' }];
  await setState(uuid, { provisionState: 'active' });

  const same = await api.ask('PATCH', '/v1/nodes/n1', { body });
  const closed = await api.ask('PATCH', '/v1/nodes/n1?reset_interfaces=true', { body: other });
  await api.ask('PUT', '/v1/nodes/n1/maintenance', { body: { reason: 'r' } });
  const kept = await api.ask('PATCH', '/v1/nodes/n1', { body: other });
  const reset = await api.ask('PATCH', '/v1/nodes/n1?reset_interfaces=true', { body: other });

  assert.equal(same.status, 200);
  assert.equal(kept.status, 400);
  assert.equal(closed.status, 409);
  assert.equal(reset.body.power_interface, 'redfish');
});

test('maintenance keeps its reason until it ends', async () => {
  await api.createNode({ name: 'n1' });

  const set = await api.ask('PUT', '/v1/nodes/n1/maintenance', { body: { reason: 'broken fan' } });
  const during = await api.ask('GET', '/v1/nodes/n1');
  const ended = await api.ask('DELETE', '/v1/nodes/n1/maintenance');
  const afterwards = await api.ask('GET', '/v1/nodes/n1');

  assert.deepEqual([set.status, set.text, ended.status], [202, '', 202]);
  assert.equal(set.headers['content-type'], undefined);
  assert.equal(during.body.maintenance_reason, 'broken fan');
  assert.deepEqual(
    [afterwards.body.maintenance, afterwards.body.maintenance_reason],
    [false, null],
  );
});

test('a node that is used, locked, protected or at work cannot be deleted', async () => {
  const { uuid } = await api.createNode({ name: 'n1' });
  const cases = [
    [{ instanceUuid: '11111111-2222-4333-8444-555555555555' }, 409],
    [{ instanceUuid: null, reservation: 'c1' }, 409],
    [{ reservation: null, protected: true }, 403],
    [{ protected: false, provisionState: 'cleaning' }, 409],
  ] as const;
  for (const [changes, expected] of cases) {
    await setState(uuid, changes);

    const { status } = await api.ask('DELETE', '/v1/nodes/n1');
    assert.equal(status, expected, JSON.stringify(changes));
  }
});

test('a deleted node takes its ports along', async () => {
  const { uuid } = await api.createNode({ name: 'n1' });
  await api.ask('POST', '/v1/ports', { body: { node_uuid: uuid, address: '52:54:00:00:00:01' } });

  const { status, text } = await api.ask('DELETE', '/v1/nodes/n1');

  assert.deepEqual([status, text], [204, '']);
  assert.equal((await api.ask('GET', '/v1/nodes/n1')).status, 404);
  assert.deepEqual((await api.ask('GET', '/v1/ports')).body.ports, []);
});

test('pages follow one another to the end, in any order, filters kept', async () => {
  for (let index = 0; index < 7; index += 1) {
    await api.createNode({ name: `n${index}`, ...(index % 2 === 0 ? { owner: 'o' } : {}) });
  }
  for (const order of [
    '',
    '&sort_key=name&sort_dir=desc',
    '&sort_key=owner',
    '&sort_key=owner&sort_dir=desc',
  ]) {
    const seen: string[] = [];
    let url: string | undefined = `/v1/nodes?limit=2&maintenance=false${order}`;
    for (let page = 0; url !== undefined && page < 10; page += 1) {
      const { body }: { body: { nodes: { name: string }[]; next?: string } } = await api.ask(
        'GET',
        url,
      );
      seen.push(...body.nodes.map((node) => node.name));
      url = body.next?.replace('http://test.example:6385', '');
      assert.ok(url === undefined || url.includes('maintenance=false'));
    }

    assert.equal(new Set(seen).size, 7, `${order}: ${seen.join()}`);
    assert.equal(seen.length, 7, order);
  }
});

const BAD_LISTS: readonly (readonly [string, number, string?])[] = [
  ['limit=0', 400],
  ['limit=-1', 400],
  ['limit=x', 400],
  ['marker=x', 400],
  ['marker=11111111-2222-4333-8444-555555555555', 404],
  ['sort_key=extra', 400],
  ['sort_key=zzz', 400],
  ['sort_dir=up', 400],
  ['fields=zzz', 400],
  ['fields=uuid&detail=true', 400],
  ['provision_state=nowhere', 400],
  ['fault=bad', 400],
  ['maintenance=perhaps', 400],
  ['foo=bar', 400],
  ['detail=true', 400, '1.42'],
  ["owner=' or 1=1 --", 200],
];

test('bad list arguments are refused by name', async () => {
  for (const [query, expected, version = '1.115'] of BAD_LISTS) {
    const { status } = await api.ask('GET', `/v1/nodes?${encodeURI(query)}`, { version });

    assert.equal(status, expected, query);
  }
});

test('an unexpected argument is named', async () => {
  const { fault } = await api.ask('GET', '/v1/nodes?foo=bar');

  assert.equal(fault, 'Unexpected arguments: foo');
});

test('filters find what they say', async () => {
  const a = await api.createNode({
    name: 'a',
    owner: 'p1',
    shard: 's1',
    description: 'Rack 50% left',
  });
  await api.createNode({ name: 'b', lessee: 'p1', conductor_group: '' });
  await api.createNode({ name: 'c', parent_node: 'a', owner: 'p1', maintenance: true });
  const names = async (query: string): Promise<string> => {
    const { body } = await api.ask('GET', `/v1/nodes?sort_key=name&${query}`);
    return body.nodes.map((node: { name: string }) => node.name).join();
  };

  assert.equal(await names(''), 'a,b');
  assert.equal(await names('include_children=true'), 'a,b,c');
  assert.equal(await names(`parent_node=${a.uuid}`), 'c');
  assert.equal(await names('parent_node=a'), 'c');
  assert.equal(await names('project=p1'), 'a,b');
  assert.equal(await names('owner=p1'), 'a');
  assert.equal(await names('shard=s1,s2'), 'a');
  assert.equal(await names('sharded=false'), 'b');
  assert.equal(await names('description_contains=50%25'), 'a');
  assert.equal(await names('description_contains=5_%25'), '');
  assert.equal(await names('maintenance=true&include_children=yes'), 'c');
  assert.equal(await names('associated=false&driver=fake-hardware'), 'a,b');
});

test('errors come in the envelope: a text that holds JSON', async () => {
  const { status, body } = await api.ask('GET', '/v1/nodes/nobody');

  assert.equal(status, 404);
  assert.deepEqual(body, {
    error_message: JSON.stringify({
      faultcode: 'Client',
      faultstring: 'Node nobody could not be found.',
      debuginfo: null,
    }),
  });
});

test('unknown paths and methods are 404 and 405 in the routing shape', async () => {
  const missing = await api.ask('GET', '/v1/zzz');
  const v2 = await api.ask('GET', '/v2/nodes');
  const method = await api.ask('DELETE', '/v1/nodes');
  const head = await api.ask('HEAD', '/v1/nodes');

  assert.deepEqual([missing.status, v2.status, method.status, head.status], [404, 404, 405, 405]);
  assert.equal(JSON.parse(method.body.error_message).code, 405);
});

test('deep and large bodies are refused before they are parsed, without the envelope', async () => {
  const deep = await api.ask('POST', '/v1/nodes', { body: '['.repeat(100_000) });
  const large = await api.ask('POST', '/v1/nodes', { body: `{"a":"${'x'.repeat(1_100_000)}"}` });

  assert.deepEqual([deep.status, deep.body.faultcode], [400, 'Client']);
  assert.deepEqual([large.status, large.body.faultcode], [413, 'Client']);
});

test('brackets inside texts are no nesting', async () => {
  const { status } = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', extra: { text: `${'['.repeat(100)}\\"` } },
  });

  assert.equal(status, 201);
});

test('every reply has one request id under two names', async () => {
  for (const url of ['/', '/v1/nodes', '/v1/nodes/nobody', '/zzz']) {
    const { headers } = await api.ask('GET', url);

    assert.match(String(headers['openstack-request-id']), /^req-[0-9a-f-]{36}$/);
    assert.equal(headers['x-openstack-request-id'], headers['openstack-request-id']);
  }
});

test('paths without v1, with a slash behind, and with .json lead to the same place', async () => {
  await api.createNode({ name: 'n1' });
  await api.createNode({ name: 'n2.json' });

  assert.equal((await api.ask('GET', '/nodes/n1')).body.name, 'n1');
  assert.equal((await api.ask('GET', '/v1/nodes/n1/')).body.name, 'n1');
  assert.equal((await api.ask('GET', '/v1/nodes/n1.json', { version: '1.90' })).body.name, 'n1');
  assert.equal(
    (await api.ask('GET', '/v1/nodes/n2.json', { version: '1.90' })).body.name,
    'n2.json',
  );
  assert.equal((await api.ask('GET', '/v1/nodes/n1.json', { version: '1.91' })).status, 404);
  assert.equal(
    (await api.ask('GET', '/v1/nodes/n2.json', { version: '1.91' })).body.name,
    'n2.json',
  );
});

test("the agent's calls are not on this listener", async () => {
  assert.equal((await api.ask('GET', '/v1/lookup?addresses=52:54:00:00:00:01')).status, 404);
  assert.equal((await api.ask('POST', '/v1/heartbeat/x', { body: {} })).status, 404);
  assert.equal((await api.ask('POST', '/v1/continue_inspection', { body: {} })).status, 404);
});
