// What is refused of ports, with its status; nothing of a refused request is done.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openOneNode } from './api/one-node.ts';
import type { Answer } from './api/with-api.ts';

const MAC = '52:54:00:cf:2d:31';
const OTHER_MAC = '52:54:00:cf:2d:32';
const NOBODY = '11111111-2222-4333-8444-555555555555';

const site = openOneNode();
const { ask, makePort, makeGroup, setNode } = site;

const patch = (port: { readonly uuid: string }, body: unknown): Promise<Answer> =>
  ask('PATCH', `/v1/ports/${port.uuid}`, { body });
const replace = (port: { readonly uuid: string }, name: string, value: unknown): Promise<Answer> =>
  patch(port, [{ op: 'replace', path: `/${name}`, value }]);

test('a body that is not right makes no port', async () => {
  const right = { node_uuid: site.node, address: MAC };
  const link = (value: unknown): object => ({ ...right, local_link_connection: value });
  const cases: readonly (readonly [string, unknown])[] = [
    ['no address', { node_uuid: site.node }],
    ['no node', { address: MAC }],
    ['two nodes', { ...right, node_ident: 'n1' }],
    ['an unknown node', { ...right, node_uuid: NOBODY }],
    ['an unknown node by name', { address: MAC, node_ident: 'nobody' }],
    ['a name as node_uuid', { ...right, node_uuid: 'n1' }],
    ['a malformed address', { ...right, address: 'malformed:mac' }],
    ['a number as address', { ...right, address: 1 }],
    ['a malformed UUID', { ...right, uuid: 'malformed:uuid' }],
    ['an unknown key', { ...right, foo: 'bar' }],
    ['what nobody may write', { ...right, internal_info: {} }],
    ['a time', { ...right, created_at: '2026-11-21T12:00:00+00:00' }],
    ['text as extra', { ...right, extra: 'x' }],
    ['a list as extra', { ...right, extra: [] }],
    ['junk as flag', { ...right, pxe_enabled: 'maybe' }],
    ['a UUID as name', { ...right, name: NOBODY }],
    ['a name with a space', { ...right, name: 'a b' }],
    ['an empty network', { ...right, physical_network: '' }],
    ['a long network', { ...right, physical_network: 'x'.repeat(65) }],
    ['a long description', { ...right, description: 'x'.repeat(256) }],
    ['a NUL character', { ...right, description: 'a\u0000b' }],
    ['a long vendor', { ...right, vendor: 'x'.repeat(33) }],
    ['a long category', { ...right, category: 'x'.repeat(81) }],
    ['an unknown group', { ...right, portgroup_uuid: NOBODY }],
    ['a group that is no UUID', { ...right, portgroup_uuid: 'g' }],
    ['a half link', link({ port_id: 'Eth1' })],
    ['an unknown link key', link({ switch_id: MAC, port_id: '1', foo: 1 })],
    ['a bad switch', link({ switch_id: 'zz', port_id: '1' })],
    ['a bad network type', link({ network_type: 'wild' })],
    ['text as link', link('x')],
    ['a number as port', link({ switch_id: MAC, port_id: 1 })],
    ['a null host', link({ hostname: null, port_id: '1' })],
    ['a smart card without host', { ...right, is_smartnic: true }],
    ['text', '"text"'],
    ['a list', []],
    ['broken JSON', '{"address": '],
  ];
  for (const [what, body] of cases) {
    const { status, fault } = await ask('POST', '/v1/ports', { body });

    assert.equal(status, 400, what);
    assert.ok((fault ?? '').length > 10, what);
  }
  assert.deepEqual((await ask('GET', '/v1/ports')).body.ports, []);
});

test('links that are right are kept', async () => {
  const links: readonly object[] = [
    {},
    { switch_id: MAC, port_id: 'Eth1' },
    { switch_id: '0123456789abcdef', port_id: 'Eth1', switch_info: 'x' },
    { hostname: 'smart', port_id: 'rep0' },
    { network_type: 'unmanaged' },
    { network_type: 'managed', switch_id: MAC, port_id: 'Eth1' },
  ];
  const port = await makePort();
  for (const link of links) {
    const { status, body } = await patch(port, [
      { op: 'add', path: '/local_link_connection', value: link },
    ]);

    assert.equal(status, 200, JSON.stringify(link));
    assert.deepEqual(body.local_link_connection, link);
  }
});

test('the keys of tunnels are taken and shown from 1.90 to 1.104', async () => {
  const link = { 'vtep-logical-switch': 'ls1', 'vtep-physical-switch': 'ps1', port_id: 'p' };
  const post = (version: string, address: string): Promise<Answer> =>
    ask('POST', '/v1/ports', {
      version,
      body: { node_uuid: site.node, address, local_link_connection: link },
    });

  const made = await post('1.90', MAC);
  const tooOld = await post('1.89', OTHER_MAC);
  const tooNew = await post('1.105', OTHER_MAC);

  assert.deepEqual([made.status, tooOld.status, tooNew.status], [201, 406, 406]);
  const shown = async (version: string): Promise<unknown> =>
    (await ask('GET', `/v1/ports/${made.body.uuid}`, { version })).body.local_link_connection;
  assert.deepEqual(await shown('1.89'), {});
  assert.deepEqual(await shown('1.90'), link);
  assert.deepEqual(await shown('1.104'), link);
  assert.deepEqual(await shown('1.105'), {});
});

test('network_type below 1.64 and node_ident below 1.94 are 406', async () => {
  const right = { node_uuid: site.node, address: MAC };

  const type = await ask('POST', '/v1/ports', {
    version: '1.63',
    body: { ...right, local_link_connection: { network_type: 'unmanaged' } },
  });
  const ident = await ask('POST', '/v1/ports', {
    version: '1.93',
    body: { node_ident: 'n1', address: MAC },
  });

  assert.deepEqual([type.status, ident.status], [406, 406]);
});

test('a second port of the same address, UUID or name is 409 and told so', async () => {
  const port = await makePort({ name: 'eth0', address: MAC });
  const post = (more: object): Promise<Answer> =>
    ask('POST', '/v1/ports', { body: { node_uuid: site.node, address: OTHER_MAC, ...more } });

  const address = await post({ address: MAC.toUpperCase() });
  const uuid = await post({ uuid: port.uuid });
  const name = await post({ name: 'eth0' });
  const other = await makePort({ address: OTHER_MAC });
  const patched = await replace(other, 'address', MAC);

  assert.deepEqual(
    [address, uuid, name, patched].map(({ status, fault }) => [status, fault]),
    [
      [409, `A port with MAC address ${MAC} already exists.`],
      [409, `A port with UUID ${port.uuid} already exists.`],
      [409, 'A port with name eth0 already exists.'],
      [409, `A port with MAC address ${MAC} already exists.`],
    ],
  );
});

test('a patch that is not right changes nothing, whatever was right before it', async () => {
  const port = await makePort({ extra: { a: 1 } });
  const good = { op: 'replace', path: '/extra/a', value: 2 };
  const cases: readonly (readonly [string, unknown])[] = [
    ['an unknown property', [good, { op: 'replace', path: '/foo', value: 1 }]],
    ['adding an unknown property', [good, { op: 'add', path: '/foo', value: 1 }]],
    ['an unknown member', [good, { op: 'replace', path: '/extra/b', value: 1 }]],
    ['removing an unknown member', [good, { op: 'remove', path: '/extra/b' }]],
    ['removing what is mandatory', [good, { op: 'remove', path: '/address' }]],
    ['removing the node', [good, { op: 'remove', path: '/node_uuid' }]],
    ['the UUID', [good, { op: 'replace', path: '/uuid', value: NOBODY }]],
    ['internal_info', [good, { op: 'add', path: '/internal_info/a', value: 1 }]],
    ['a malformed address', [good, { op: 'replace', path: '/address', value: 'x' }]],
    ['a null address', [good, { op: 'replace', path: '/address', value: null }]],
    ['an unknown node', [good, { op: 'replace', path: '/node_uuid', value: NOBODY }]],
    ['an unknown group', [good, { op: 'add', path: '/portgroup_uuid', value: NOBODY }]],
    ['text as extra', [good, { op: 'replace', path: '/extra', value: 'x' }]],
    ['another operation', [good, { op: 'test', path: '/address', value: MAC }]],
    ['a prototype', [good, { op: 'add', path: '/extra/__proto__', value: 1 }]],
    ['no list', { op: 'replace' }],
  ];
  for (const [what, body] of cases) assert.equal((await patch(port, body)).status, 400, what);

  assert.deepEqual((await ask('GET', `/v1/ports/${port.uuid}`)).body, port);
});

test('a port that is not there is 404', async () => {
  const body = [{ op: 'add', path: '/extra/a', value: 1 }];

  const answers = await Promise.all([
    ask('GET', `/v1/ports/${NOBODY}`),
    ask('PATCH', `/v1/ports/${NOBODY}`, { body }),
    ask('DELETE', `/v1/ports/${NOBODY}`),
    ask('GET', '/v1/ports/nobody'),
  ]);

  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 404, 404, 404],
  );
  assert.equal(answers[0]?.fault, `Port ${NOBODY} could not be found.`);
});

test('a node that somebody works on keeps its ports as they are', async () => {
  const port = await makePort();
  await setNode({ reservation: 'conductor-1' });

  const answers = [
    await ask('POST', '/v1/ports', { body: { node_uuid: site.node, address: OTHER_MAC } }),
    await patch(port, [{ op: 'add', path: '/extra/a', value: 1 }]),
    await ask('DELETE', `/v1/ports/${port.uuid}`),
  ];

  for (const { status, fault } of answers) {
    assert.equal(status, 409);
    assert.match(fault ?? '', /is locked by host conductor-1/);
  }
});

const WIRING: readonly (readonly [string, unknown])[] = [
  ['pxe_enabled', false],
  ['local_link_connection', { network_type: 'unmanaged' }],
  ['physical_network', 'physnet1'],
];

test('the wiring changes in open states or in maintenance only', async () => {
  for (const [name, value] of WIRING) {
    const states = ['enroll', 'manageable', 'inspect wait', 'available', 'active'] as const;
    const statuses: number[] = [];
    for (const provisionState of states) {
      await site.api.parts.store.db.deleteFrom('port').execute();
      const port = await makePort();
      await setNode({ provisionState, maintenance: false });
      statuses.push((await replace(port, name, value)).status);
      await setNode({ maintenance: true });
      statuses.push((await replace(port, name, value)).status);
      await setNode({ maintenance: false });
    }

    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200, 409, 200, 409, 200], name);
  }
});

test('the address of a machine in use changes in maintenance only', async () => {
  const port = await makePort();
  await setNode({ provisionState: 'available', instanceUuid: NOBODY });

  const used = await replace(port, 'address', OTHER_MAC);
  const extra = await patch(port, [{ op: 'add', path: '/extra/a', value: 1 }]);
  await setNode({ maintenance: true });
  const maintained = await replace(port, 'address', OTHER_MAC);

  assert.deepEqual([used.status, extra.status, maintained.status], [409, 200, 200]);
});

test('a node that is being inspected keeps its ports, as clients from 1.39 on know', async () => {
  const port = await makePort();
  await setNode({ provisionState: 'inspecting' });
  const body = [{ op: 'add', path: '/extra/a', value: 1 }];

  const knowing = await ask('PATCH', `/v1/ports/${port.uuid}`, { body, version: '1.39' });
  const older = await ask('PATCH', `/v1/ports/${port.uuid}`, { body, version: '1.38' });

  assert.deepEqual([knowing.status, older.status], [409, 200]);
});

test('a port joins groups of its own node only, and moves without its group', async () => {
  const other = await site.api.createNode({ name: 'n2' });
  const group = await makeGroup();
  const foreign = await makeGroup({ node_uuid: other.uuid });
  const port = await makePort({ portgroup_uuid: group.uuid });

  const joined = await replace(port, 'portgroup_uuid', foreign.uuid);
  const moved = await replace(port, 'node_uuid', other.uuid);
  const both = await patch(port, [
    { op: 'replace', path: '/node_uuid', value: other.uuid },
    { op: 'replace', path: '/portgroup_uuid', value: foreign.uuid },
  ]);

  assert.deepEqual([joined.status, moved.status, both.status], [400, 400, 200]);
  assert.equal(both.body.node_uuid, other.uuid);
});

test('a group without standalone ports takes no port that boots', async () => {
  const group = await makeGroup({ standalone_ports_supported: false });
  const created = await ask('POST', '/v1/ports', {
    body: { node_uuid: site.node, address: MAC, portgroup_uuid: group.uuid },
  });
  const port = await makePort();

  const booting = await replace(port, 'portgroup_uuid', group.uuid);
  const quiet = await patch(port, [
    { op: 'replace', path: '/pxe_enabled', value: false },
    { op: 'replace', path: '/portgroup_uuid', value: group.uuid },
  ]);
  const awake = await replace(port, 'pxe_enabled', true);

  assert.deepEqual(
    [created.status, booting.status, quiet.status, awake.status],
    [409, 409, 200, 409],
  );
});

test('the ports of a group are in one physical network', async () => {
  const group = await makeGroup();
  const first = await makePort({ portgroup_uuid: group.uuid, physical_network: 'physnet1' });
  const join = (network: string | null): Promise<Answer> =>
    ask('POST', '/v1/ports', {
      body: {
        node_uuid: site.node,
        address: OTHER_MAC,
        portgroup_uuid: group.uuid,
        physical_network: network,
      },
    });

  const other = await join('physnet2');
  const none = await join(null);
  const alone = await replace(first, 'physical_network', 'physnet3');
  const same = await join('physnet3');
  const leaving = await replace(same.body, 'physical_network', 'physnet4');

  assert.deepEqual(
    [other, none, alone, same, leaving].map(({ status }) => status),
    [409, 409, 200, 201, 409],
  );
});
