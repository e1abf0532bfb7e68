// Ports over the API: create, read, list, change, delete.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { openOneNode } from './api/one-node.ts';
import type { Answer } from './api/with-api.ts';

const MAC = '52:54:00:cf:2d:31';
const NOBODY = '11111111-2222-4333-8444-555555555555';

const site = openOneNode();
const { ask, makePort, makeGroup, setNode } = site;

const post = (body: object, version?: string): Promise<Answer> =>
  ask('POST', '/v1/ports', { body, ...(version === undefined ? {} : { version }) });

const patch = (port: { readonly uuid: string }, body: readonly object[]): Promise<Answer> =>
  ask('PATCH', `/v1/ports/${port.uuid}`, { body });

const uuidsOf = (answer: Answer): readonly string[] => {
  assert.equal(answer.status, 200, answer.text);
  return answer.body.ports.map(({ uuid }: { readonly uuid: string }) => uuid);
};

test('a created port is answered with 201, its place and its defaults', async () => {
  const { status, headers, body } = await post({
    node_uuid: site.node,
    address: MAC.toUpperCase(),
  });

  assert.equal(status, 201);
  assert.equal(headers['location'], `http://test.example:6385/v1/ports/${body.uuid}`);
  assert.match(body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  const { uuid, created_at: _created, links: _links, ...others } = body;
  assert.match(uuid, /^[0-9a-f-]{36}$/);
  assert.deepEqual(others, {
    address: MAC,
    node_uuid: site.node,
    name: null,
    extra: {},
    internal_info: {},
    local_link_connection: {},
    pxe_enabled: true,
    portgroup_uuid: null,
    physical_network: null,
    is_smartnic: false,
    description: null,
    vendor: null,
    category: null,
    available_for_dynamic_portgroup: true,
    updated_at: null,
  });
});

test('a port is created with all that can be said, and read back so', async () => {
  const uuid = randomUUID();
  const said = {
    uuid,
    node_uuid: site.node,
    address: MAC,
    name: 'eth0',
    extra: { key1: 'value1', list: [1, 2] },
    local_link_connection: { switch_id: '52:54:00:00:00:aa', port_id: 'Eth1', switch_info: 's' },
    pxe_enabled: false,
    physical_network: 'physnet1',
    is_smartnic: false,
    description: 'first card',
    vendor: 'Bodensee',
    category: 'fast',
    available_for_dynamic_portgroup: false,
  };

  const made = await post(said);
  const read = await ask('GET', `/v1/ports/${uuid}`);

  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body, read.body);
  for (const [name, value] of Object.entries(said)) assert.deepEqual(read.body[name], value, name);
});

test('a node may be named in node_ident', async () => {
  const { status, body } = await post({ node_ident: 'n1', address: MAC });

  assert.equal(status, 201);
  assert.equal(body.node_uuid, site.node);
});

test('a port is found by its name from 1.88 on, and never by its address', async () => {
  const port = await makePort({ name: 'eth0.json', address: MAC });

  const named = await ask('GET', '/v1/ports/eth0.json');
  const suffixed = await ask('GET', '/v1/ports/eth0.json', { version: '1.88' });
  const older = await ask('GET', '/v1/ports/eth0', { version: '1.87' });
  const byAddress = await ask('GET', `/v1/ports/${MAC}`);
  const withEnding = await ask('GET', `/v1/ports/${port.uuid}.json`, { version: '1.90' });

  assert.deepEqual(
    [named.status, suffixed.status, older.status, byAddress.status, withEnding.status],
    [200, 200, 400, 400, 200],
  );
});

test('the short list has uuid and address, a detailed one everything', async () => {
  const port = await makePort();

  const short = await ask('GET', '/v1/ports');
  const detail = await ask('GET', '/v1/ports/detail');
  const asked = await ask('GET', '/v1/ports?detail=true');
  const chosen = await ask('GET', '/v1/ports?fields=extra,Address');

  assert.deepEqual(Object.keys(short.body.ports[0]).sort(), ['address', 'links', 'uuid']);
  assert.deepEqual(detail.body.ports, [port]);
  assert.deepEqual(asked.body.ports, [port]);
  assert.deepEqual(Object.keys(chosen.body.ports[0]), ['extra', 'address', 'links']);
});

test('a page is full, tells of the next, and keeps the filters', async () => {
  const made = [];
  for (let index = 0; index < 3; index += 1) made.push(await makePort({ extra: { index } }));

  const first = await ask('GET', `/v1/ports?limit=2&node=${site.node}&sort_key=address`);
  const next = await ask('GET', first.body.next.slice('http://test.example:6385'.length));

  assert.equal(first.body.ports.length, 2);
  assert.match(first.body.next, new RegExp(`/v1/ports\\?.*node=${site.node}.*limit=2&marker=`));
  assert.deepEqual(
    [...uuidsOf(first), ...uuidsOf(next)],
    made.map(({ uuid }) => uuid),
  );
  assert.equal('next' in next.body, false);
});

test('filters find what they say', async () => {
  const other = await site.api.createNode({ name: 'n2', shard: 's1' });
  const group = await makeGroup({ name: 'g' });
  const single = await makePort({ address: MAC, description: 'left of the rack' });
  const member = await makePort({ portgroup_uuid: group.uuid });
  const far = await makePort({ node_uuid: other.uuid });
  await setNode({ conductorGroup: 'east' }, other.uuid);

  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`node=${site.node}`, [single.uuid, member.uuid]],
    ['node=n2', [far.uuid]],
    [`node_uuid=${other.uuid}`, [far.uuid]],
    [`address=${MAC.toUpperCase()}`, [single.uuid]],
    ['address=52:54:00:ff:ff:ff', []],
    [`portgroup=${group.uuid}`, [member.uuid]],
    ['portgroup=g', [member.uuid]],
    ['shard=s1,s2', [far.uuid]],
    ['shard=none', []],
    ['shard=', []],
    ['conductor_groups=EAST', [far.uuid]],
    ['description_contains=LEFT', [single.uuid]],
    [`node=${site.node}&address=${MAC}`, [single.uuid]],
  ];
  for (const [filter, expected] of cases) {
    assert.deepEqual(uuidsOf(await ask('GET', `/v1/ports?${filter}`)), expected, filter);
  }
});

test('filters that do not go together, or name nothing, are refused', async () => {
  const cases: readonly (readonly [string, number])[] = [
    [`node=${site.node}&portgroup=${NOBODY}`, 403],
    [`node=${site.node}&shard=s1`, 403],
    [`portgroup=${NOBODY}&shard=s1`, 403],
    [`conductor_groups=a&node=${site.node}`, 400],
    ['conductor_groups=a&portgroup=g', 400],
    [`conductor_groups=a&address=${MAC}`, 400],
    ['node=nobody', 404],
    [`portgroup=${NOBODY}`, 404],
    ['address=here', 400],
    ['node_uuid=here', 400],
    ['foo=1', 400],
    ['description_contains=%00', 400],
    ['sort_key=extra', 400],
    ['sort_key=foo', 400],
    ['sort_dir=up', 400],
    ['limit=0', 400],
    ['limit=-1', 400],
    ['marker=x', 400],
    [`marker=${NOBODY}`, 404],
    ['fields=foo', 400],
    ['fields=uuid&detail=true', 400],
  ];
  for (const [query, status] of cases) {
    assert.equal((await ask('GET', `/v1/ports?${query}`)).status, status, query);
  }
});

test('the ports of a node are listed by its name and its UUID; none is found below another object', async () => {
  const port = await makePort();
  const other = await site.api.createNode({ name: 'n2' });
  await makePort({ node_uuid: other.uuid });

  for (const ident of [site.node, 'n1']) {
    assert.deepEqual(uuidsOf(await ask('GET', `/v1/nodes/${ident}/ports`)), [port.uuid]);
    const detail = await ask('GET', `/v1/nodes/${ident}/ports/detail`);
    assert.deepEqual(detail.body.ports, [port]);
  }
  const group = await makeGroup();
  const nested = [
    `nodes/${site.node}/ports/${port.uuid}`,
    `nodes/${site.node}/portgroups/${group.uuid}`,
    `portgroups/${group.uuid}/ports/${port.uuid}`,
  ];
  for (const path of nested) {
    const below = await ask('GET', `/v1/${path}`);
    assert.equal(below.status, 400, path);
    assert.equal(below.fault, 'Malformed request URI.', path);
  }
});

test('a patch replaces, adds and removes, in one go', async () => {
  const port = await makePort({ extra: { key1: 'v1', key2: 'v2', key3: 'v3' } });

  const { status, body } = await patch(port, [
    { op: 'replace', path: '/address', value: '52:54:00:CF:00:01' },
    { op: 'replace', path: '/extra/key1', value: 'new' },
    { op: 'remove', path: '/extra/key2' },
    { op: 'add', path: '/extra/key4', value: { deep: [1] } },
    { op: 'add', path: '/physical_network', value: 'physnet1' },
  ]);

  assert.equal(status, 200);
  assert.equal(body.address, '52:54:00:cf:00:01');
  assert.deepEqual(body.extra, { key1: 'new', key3: 'v3', key4: { deep: [1] } });
  assert.equal(body.physical_network, 'physnet1');
  assert.notEqual(body.updated_at, null);
  assert.deepEqual((await ask('GET', `/v1/ports/${port.uuid}`)).body, body);
});

test('what is removed goes back to its default', async () => {
  const port = await makePort({
    name: 'eth0',
    pxe_enabled: false,
    available_for_dynamic_portgroup: false,
    extra: { a: 1 },
    local_link_connection: { switch_id: '52:54:00:00:00:aa', port_id: 'Eth1' },
    vendor: 'x',
  });
  const removed = ['name', 'pxe_enabled', 'available_for_dynamic_portgroup', 'extra', 'vendor'];

  const { body } = await patch(
    port,
    [...removed, 'local_link_connection'].map((name) => ({ op: 'remove', path: `/${name}` })),
  );

  assert.deepEqual(
    [...removed, 'local_link_connection'].map((name) => body[name]),
    [null, true, true, {}, null, {}],
  );
});

test('an empty patch, and one that changes nothing, leave the port as it is', async () => {
  const port = await makePort();

  const empty = await patch(port, []);
  const same = await patch(port, [{ op: 'replace', path: '/address', value: port.address }]);

  assert.deepEqual([empty.body, same.body], [port, port]);
});

test('of patches at once none is lost', async () => {
  const port = await makePort();

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      patch(port, [{ op: 'add', path: `/extra/key${index}`, value: index }]),
    ),
  );

  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const { body } = await ask('GET', `/v1/ports/${port.uuid}`);
  assert.equal(Object.keys(body.extra).length, 8);
});

test('a deleted port is gone; a name or an address does not delete', async () => {
  const port = await makePort({ name: 'eth0' });

  const byName = await ask('DELETE', '/v1/ports/eth0');
  const deleted = await ask('DELETE', `/v1/ports/${port.uuid}`);
  const again = await ask('DELETE', `/v1/ports/${port.uuid}`);

  assert.deepEqual([byName.status, deleted.status, again.status], [400, 204, 404]);
  assert.equal(deleted.text, '');
  assert.equal(again.fault, `Port ${port.uuid} could not be found.`);
});
