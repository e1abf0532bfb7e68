// Port groups over the API: create, read, list, change, delete.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { openOneNode } from './api/one-node.ts';
import type { Answer } from './api/with-api.ts';

const MAC = '52:54:00:cf:2d:31';
const OTHER_MAC = '52:54:00:cf:2d:32';
const NOBODY = '11111111-2222-4333-8444-555555555555';

const site = openOneNode();
const { ask, makePort, makeGroup, setNode } = site;

const post = (body: object, version = '1.115'): Promise<Answer> =>
  ask('POST', '/v1/portgroups', { body, version });

const patch = (
  { uuid }: { readonly uuid: string },
  body: readonly object[],
  version = '1.115',
): Promise<Answer> => ask('PATCH', `/v1/portgroups/${uuid}`, { body, version });

const replace = (group: { readonly uuid: string }, name: string, value: unknown): Promise<Answer> =>
  patch(group, [{ op: 'replace', path: `/${name}`, value }]);

test('a created group is answered with 201, its place and its defaults, without an address too', async () => {
  const { status, headers, body } = await post({ node_uuid: site.node });

  assert.equal(status, 201);
  const place = `http://test.example:6385/v1/portgroups/${body.uuid}`;
  assert.equal(headers['location'], place);
  const { uuid: _uuid, created_at: _created, links, ports, ...others } = body;
  assert.deepEqual(others, {
    name: null,
    address: null,
    node_uuid: site.node,
    mode: 'active-backup',
    properties: {},
    extra: {},
    internal_info: {},
    standalone_ports_supported: true,
    physical_network: null,
    category: null,
    dynamic_portgroup: false,
    updated_at: null,
  });
  assert.equal(links[0].href, place);
  assert.deepEqual(ports, [
    { href: `${place}/ports`, rel: 'self' },
    { href: `${place.replace('/v1', '')}/ports`, rel: 'bookmark' },
  ]);
});

test('a group is created with all that can be said, and read back by UUID and name', async () => {
  const uuid = randomUUID();
  const said = {
    uuid,
    node_uuid: site.node,
    name: 'bond0',
    address: MAC,
    mode: '802.3ad',
    properties: { miimon: '100' },
    extra: { open: 'stack' },
    standalone_ports_supported: false,
    physical_network: 'physnet1',
    category: 'fast',
  };

  const made = await post({ ...said, address: MAC.toUpperCase() });

  assert.equal(made.status, 201, made.text);
  for (const [name, value] of Object.entries(said)) assert.deepEqual(made.body[name], value, name);
  for (const ident of [uuid, 'bond0']) {
    assert.deepEqual((await ask('GET', `/v1/portgroups/${ident}`)).body, made.body);
  }
});

test('an ending of .json is cut off below 1.91 and belongs to the name from then on', async () => {
  const plain = await makeGroup({ name: 'bond0' });
  const ending = await makeGroup({ name: 'bond1.json' });
  const find = async (ident: string, version: string): Promise<unknown> => {
    const { status, body } = await ask('GET', `/v1/portgroups/${ident}`, { version });
    return status === 200 ? body.uuid : status;
  };

  assert.equal(await find('bond0.json', '1.90'), plain.uuid);
  assert.equal(await find('bond0.json', '1.91'), 404);
  assert.equal(await find('bond1.json', '1.90'), ending.uuid);
  assert.equal(await find('bond1.json', '1.91'), ending.uuid);
  assert.equal(await find(`${plain.uuid}.json`, '1.91'), 404);
});

test('lists are short, detailed, of some fields, and in pages', async () => {
  const group = await makeGroup({ name: 'bond0' });
  await makeGroup({ name: 'bond1' });

  const short = await ask('GET', '/v1/portgroups');
  const detail = await ask('GET', '/v1/portgroups/detail');
  const chosen = await ask('GET', '/v1/portgroups?fields=mode,ports');
  const page = await ask('GET', '/v1/portgroups?limit=1&sort_key=name&sort_dir=desc');

  const keys = ['address', 'links', 'name', 'uuid'];
  assert.deepEqual(Object.keys(short.body.portgroups[0]).sort(), keys);
  assert.deepEqual(detail.body.portgroups[0], group);
  assert.deepEqual(Object.keys(chosen.body.portgroups[0]), ['mode', 'ports', 'links']);
  assert.equal(page.body.portgroups[0].name, 'bond1');
  const next = await ask('GET', page.body.next.slice('http://test.example:6385'.length));
  assert.equal(next.body.portgroups[0].uuid, group.uuid);
});

test('filters find what they say, one at a time', async () => {
  const other = await site.api.createNode({ name: 'n2', shard: 's1', conductor_group: '' });
  const near = await makeGroup({ address: MAC });
  const far = await makeGroup({ node_uuid: other.uuid });
  const find = async (query: string): Promise<unknown> => {
    const { status, body } = await ask('GET', `/v1/portgroups?${query}`);
    return status === 200
      ? body.portgroups.map(({ uuid }: { readonly uuid: string }) => uuid)
      : status;
  };

  const cases: readonly (readonly [string, unknown])[] = [
    [`node=${site.node}`, [near.uuid]],
    ['node=n2', [far.uuid]],
    [`address=${MAC}`, [near.uuid]],
    ['address=52:54:00:ff:ff:ff', []],
    ['shard=s1', [far.uuid]],
    ['conductor_groups=x', []],
    ['node=nobody', 404],
    ['address=x', 400],
    [`node=${site.node}&address=${MAC}`, 400],
    ['shard=s1&conductor_groups=x', 400],
    [`shard=s1&node=${site.node}`, 400],
  ];
  for (const [query, expected] of cases) assert.deepEqual(await find(query), expected, query);
});

test('the groups of a node and the ports of a group are listed by name and UUID', async () => {
  const group = await makeGroup({ name: 'bond0' });
  const port = await makePort({ portgroup_uuid: group.uuid });
  await makePort({ address: OTHER_MAC });

  for (const ident of ['n1', site.node]) {
    const short = await ask('GET', `/v1/nodes/${ident}/portgroups`);
    const detail = await ask('GET', `/v1/nodes/${ident}/portgroups/detail`);
    assert.equal(short.body.portgroups[0].uuid, group.uuid);
    assert.deepEqual(detail.body.portgroups, [group]);
  }
  for (const ident of ['bond0', group.uuid]) {
    const short = await ask('GET', `/v1/portgroups/${ident}/ports`);
    const detail = await ask('GET', `/v1/portgroups/${ident}/ports/detail`);
    assert.deepEqual(
      short.body.ports.map(({ uuid }: { readonly uuid: string }) => uuid),
      [port.uuid],
    );
    assert.deepEqual(detail.body.ports, [port]);
  }
});

test('a body that is not right makes no group', async () => {
  const cases: readonly (readonly [string, object])[] = [
    ['no node', {}],
    ['an unknown node', { node_uuid: NOBODY }],
    ['a name as node', { node_uuid: 'n1' }],
    ['a malformed address', { node_uuid: site.node, address: 'x' }],
    ['a malformed UUID', { node_uuid: site.node, uuid: 'x' }],
    ['a UUID as name', { node_uuid: site.node, name: NOBODY }],
    ['a name with a space', { node_uuid: site.node, name: 'a b' }],
    ['a number as mode', { node_uuid: site.node, mode: 1 }],
    ['text as properties', { node_uuid: site.node, properties: 'x' }],
    ['junk as flag', { node_uuid: site.node, standalone_ports_supported: 'maybe' }],
    ['an empty network', { node_uuid: site.node, physical_network: '' }],
    ['a long network', { node_uuid: site.node, physical_network: 'x'.repeat(65) }],
    ['a long category', { node_uuid: site.node, category: 'x'.repeat(81) }],
    ['what nobody may write', { node_uuid: site.node, dynamic_portgroup: true }],
    ['internal_info', { node_uuid: site.node, internal_info: {} }],
    ['an unknown key', { node_uuid: site.node, foo: 1 }],
  ];
  for (const [what, body] of cases) assert.equal((await post(body)).status, 400, what);

  assert.deepEqual((await ask('GET', '/v1/portgroups')).body.portgroups, []);
});

test('a second group of the same address, UUID or name is 409 and told so', async () => {
  const group = await makeGroup({ name: 'bond0', address: MAC });
  const other = await makeGroup();

  const answers = [
    await post({ node_uuid: site.node, address: MAC }),
    await post({ node_uuid: site.node, uuid: group.uuid }),
    await post({ node_uuid: site.node, name: 'bond0' }),
    await replace(other, 'name', 'bond0'),
  ];

  assert.deepEqual(
    answers.map(({ status, fault }) => [status, fault]),
    [
      [409, `A portgroup with MAC address ${MAC} already exists.`],
      [409, `A portgroup with UUID ${group.uuid} already exists.`],
      [409, 'A portgroup with name bond0 already exists.'],
      [409, 'A portgroup with name bond0 already exists.'],
    ],
  );
});

test('a patch replaces, adds and removes, in one go', async () => {
  const group = await makeGroup({ name: 'bond0', address: MAC, extra: { a: 1, b: 2 } });

  const { status, body } = await patch(group, [
    { op: 'replace', path: '/address', value: OTHER_MAC },
    { op: 'replace', path: '/extra/a', value: 'new' },
    { op: 'remove', path: '/extra/b' },
    { op: 'add', path: '/properties/miimon', value: '100' },
    { op: 'replace', path: '/mode', value: '802.3ad' },
    { op: 'remove', path: '/name' },
  ]);

  assert.equal(status, 200);
  assert.deepEqual(
    [body.address, body.extra, body.properties, body.mode, body.name],
    [OTHER_MAC, { a: 'new' }, { miimon: '100' }, '802.3ad', null],
  );
  assert.deepEqual((await ask('GET', `/v1/portgroups/${group.uuid}`)).body, body);
});

test('a patch that is not right changes nothing', async () => {
  const group = await makeGroup({ extra: { a: 1 } });
  const good = { op: 'replace', path: '/extra/a', value: 2 };
  const cases: readonly object[] = [
    { op: 'remove', path: '/mode' },
    { op: 'remove', path: '/node_uuid' },
    { op: 'replace', path: '/uuid', value: NOBODY },
    { op: 'add', path: '/foo', value: 1 },
    { op: 'replace', path: '/dynamic_portgroup', value: true },
    { op: 'replace', path: '/extra/nope', value: 1 },
    { op: 'replace', path: '/address', value: 'x' },
    { op: 'replace', path: '/name', value: 'a b' },
    { op: 'replace', path: '/node_uuid', value: NOBODY },
  ];
  for (const bad of cases) {
    assert.equal((await patch(group, [good, bad])).status, 400, JSON.stringify(bad));
  }
  assert.deepEqual((await ask('GET', `/v1/portgroups/${group.uuid}`)).body, group);
});

test('of patches at once none is lost', async () => {
  const group = await makeGroup();

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      patch(group, [{ op: 'add', path: `/properties/key${index}`, value: index }]),
    ),
  );

  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const { body } = await ask('GET', `/v1/portgroups/${group.uuid}`);
  assert.equal(Object.keys(body.properties).length, 8);
});

test('a group changes in any stable state, and moves in open ones only', async () => {
  const other = await site.api.createNode({ name: 'n2' });
  const group = await makeGroup();
  await setNode({ provisionState: 'active' });

  const mode = await replace(group, 'mode', '802.3ad');
  const move = await replace(group, 'node_uuid', other.uuid);
  await setNode({ maintenance: true });
  const maintained = await replace(group, 'node_uuid', other.uuid);

  assert.deepEqual([mode.status, move.status, maintained.status], [200, 409, 200]);
  assert.equal(maintained.body.node_uuid, other.uuid);
});

test('a group with ports stays where it is, and is not deleted', async () => {
  const other = await site.api.createNode({ name: 'n2' });
  const group = await makeGroup({ name: 'bond0' });
  const port = await makePort({ portgroup_uuid: group.uuid });

  const moved = await replace(group, 'node_uuid', other.uuid);
  const full = await ask('DELETE', `/v1/portgroups/${group.uuid}`);
  await ask('DELETE', `/v1/ports/${port.uuid}`);
  const empty = await ask('DELETE', '/v1/portgroups/bond0');
  const again = await ask('DELETE', '/v1/portgroups/bond0');

  assert.deepEqual([moved.status, full.status, empty.status, again.status], [409, 400, 204, 404]);
  assert.equal(
    full.fault,
    `Cannot complete the requested action because portgroup ${group.uuid} contains ports.`,
  );
  assert.equal(again.fault, 'Portgroup bond0 could not be found.');
});

test('standalone ports stay supported while a member boots', async () => {
  const group = await makeGroup();
  const port = await makePort({ portgroup_uuid: group.uuid });

  const booting = await replace(group, 'standalone_ports_supported', false);
  await ask('PATCH', `/v1/ports/${port.uuid}`, {
    body: [{ op: 'replace', path: '/pxe_enabled', value: false }],
  });
  const quiet = await replace(group, 'standalone_ports_supported', false);

  assert.deepEqual([booting.status, quiet.status], [409, 200]);
});

test('a node that is inspected, or that somebody works on, keeps its groups as they are', async () => {
  const group = await makeGroup();
  const body = [{ op: 'add', path: '/extra/a', value: 1 }];
  await setNode({ provisionState: 'inspecting' });

  const knowing = await patch(group, body, '1.39');
  const older = await patch(group, body, '1.38');
  await setNode({ provisionState: 'manageable', reservation: 'conductor-1' });
  const locked = [
    await post({ node_uuid: site.node }),
    await patch(group, [{ op: 'add', path: '/extra/b', value: 1 }]),
    await ask('DELETE', `/v1/portgroups/${group.uuid}`),
  ];

  assert.deepEqual([knowing.status, older.status], [409, 200]);
  assert.deepEqual(
    locked.map(({ status }) => status),
    [409, 409, 409],
  );
});

test('a deleted node takes its groups along', async () => {
  await makeGroup();

  await ask('DELETE', `/v1/nodes/${site.node}`);

  assert.deepEqual((await ask('GET', '/v1/portgroups')).body.portgroups, []);
});

test('v1 and nodes link to port groups from 1.23 and 1.24 on', async () => {
  const at22 = await ask('GET', '/v1', { version: '1.22' });
  const at23 = await ask('GET', '/v1', { version: '1.23' });
  const linked = await ask('GET', `/v1/nodes/${site.node}`, { version: '1.24' });

  assert.equal(at22.body.portgroups, undefined);
  assert.equal(at23.body.portgroups[0].href, 'http://test.example:6385/v1/portgroups/');
  assert.match(linked.body.portgroups[0].href, new RegExp(`/v1/nodes/${site.node}/portgroups$`));
});
