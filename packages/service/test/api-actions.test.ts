// What a node can be told to do: power, boot device, provision verbs and their arguments, ports, and our own routes.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { updateNode } from '#store/nodes';

import type { ProvisionState } from '@bessemer/protocol/node/states';
import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
let uuid: string;
before(async () => {
  api = await openApi();
});
beforeEach(async () => {
  await api.parts.store.db.deleteFrom('port').execute();
  await api.parts.store.db.deleteFrom('node').execute();
  api.conductor.provisions.length = 0;
  api.conductor.powers.length = 0;
  uuid = (await api.createNode({ name: 'n1' })).uuid;
});
after(() => api.close());

const put = (path: string, body: unknown, version = '1.115'): Promise<Answer> =>
  api.ask('PUT', `/v1/nodes/${uuid}/${path}`, { body, version });
const inState = (state: ProvisionState, others: object = {}): Promise<boolean> =>
  updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, {
    provisionState: state,
    ...others,
  });

test('power: 202, empty, with the place to look at', async () => {
  const { status, text, headers } = await put('states/power', { target: 'power on' });

  assert.deepEqual([status, text, headers['content-type']], [202, '', undefined]);
  assert.equal(headers['location'], `http://test.example:6385/v1/nodes/${uuid}/states`);
  assert.deepEqual(api.conductor.powers, [{ target: 'power on', timeoutMs: undefined }]);
});

test('power: soft targets and timeouts since 1.27', async () => {
  const body = { target: 'soft power off', timeout: 30 };

  assert.equal((await put('states/power', body, '1.26')).status, 406);
  assert.equal((await put('states/power', body, '1.27')).status, 202);
  assert.deepEqual(api.conductor.powers, [{ target: 'soft power off', timeoutMs: 30_000 }]);
});

test('power: refused by shape and by state', async () => {
  assert.equal((await put('states/power', {})).status, 400);
  assert.equal((await put('states/power', { target: 'explode' })).status, 400);
  assert.equal((await put('states/power', { target: 'power on', timeout: 0 })).status, 400);
  await inState('cleaning');
  assert.equal((await put('states/power', { target: 'power on' })).status, 400);
  await inState('available', { disablePowerOff: true });
  assert.equal((await put('states/power', { target: 'power off' })).status, 409);
  assert.deepEqual(api.conductor.powers, []);
});

test('arguments may come in the query', async () => {
  const { status } = await api.ask('PUT', '/v1/nodes/n1/states/power?target=power%20on');

  assert.equal(status, 202);
});

test('boot device: set, read, supported', async () => {
  const set = await put('management/boot_device', { boot_device: 'pxe', persistent: 'true' });
  const read = await api.ask('GET', '/v1/nodes/n1/management/boot_device');
  const supported = await api.ask('GET', '/v1/nodes/n1/management/boot_device/supported');

  assert.equal(set.status, 204);
  assert.deepEqual(read.body, { boot_device: 'pxe', persistent: true });
  assert.deepEqual(supported.body, { supported_boot_devices: ['pxe', 'disk'] });
});

test('a verb moves the node and is answered with 202', async () => {
  const { status, text, headers } = await put('states/provision', { target: 'manage' });
  const { body } = await api.ask('GET', '/v1/nodes/n1/states');

  assert.deepEqual([status, text, headers['content-type']], [202, '', undefined]);
  assert.equal(body.provision_state, 'verifying');
  assert.equal(body.target_provision_state, 'manageable');
});

test('a verb from the wrong state is 400, from a locked node 409, below its version 406', async () => {
  const wrong = await put('states/provision', { target: 'provide' });
  const unknown = await put('states/provision', { target: 'dance' });
  const old = await put('states/provision', { target: 'manage' }, '1.3');
  await inState('enroll', { reservation: 'c1' });
  const locked = await put('states/provision', { target: 'provide' });

  assert.deepEqual([wrong.status, unknown.status, old.status, locked.status], [400, 400, 406, 409]);
  assert.equal(
    wrong.fault,
    `The requested action "provide" can not be performed on node "${uuid}" while it is in state "enroll".`,
  );
});

const CLEAN = [{ interface: 'deploy', step: 'erase_devices_metadata' }];
const DEPLOY = [{ interface: 'deploy', step: 'write_image', args: {}, priority: 80 }];

const PROVISIONS: readonly (readonly [string, ProvisionState, object, string, number])[] = [
  [
    'a config drive as object',
    'available',
    { target: 'active', configdrive: { meta_data: {} } },
    '1.56',
    202,
  ],
  [
    'the same before 1.56',
    'available',
    { target: 'active', configdrive: { meta_data: {} } },
    '1.55',
    406,
  ],
  [
    'a config drive as base64',
    'available',
    { target: 'active', configdrive: 'H4sIAAAA' },
    '1.1',
    202,
  ],
  [
    'a config drive as URL',
    'available',
    { target: 'active', configdrive: 'http://a/b' },
    '1.1',
    202,
  ],
  ['a config drive as junk', 'available', { target: 'active', configdrive: '{no' }, '1.1', 400],
  [
    'a config drive with other keys',
    'available',
    { target: 'active', configdrive: { x: 1 } },
    '1.115',
    400,
  ],
  [
    'vendor data before 1.59',
    'available',
    { target: 'active', configdrive: { vendor_data: {} } },
    '1.58',
    406,
  ],
  [
    'a config drive with manage',
    'enroll',
    { target: 'manage', configdrive: 'H4sIAAAA' },
    '1.115',
    400,
  ],
  ['cleaning with steps', 'manageable', { target: 'clean', clean_steps: CLEAN }, '1.15', 202],
  ['cleaning without steps', 'manageable', { target: 'clean' }, '1.115', 400],
  ['cleaning with no step', 'manageable', { target: 'clean', clean_steps: [] }, '1.115', 400],
  [
    'a step without a name',
    'manageable',
    { target: 'clean', clean_steps: [{ interface: 'deploy' }] },
    '1.115',
    400,
  ],
  [
    'a step with an odd key',
    'manageable',
    { target: 'clean', clean_steps: [{ ...CLEAN[0], x: 1 }] },
    '1.115',
    400,
  ],
  [
    'a raw BMC command',
    'manageable',
    { target: 'clean', clean_steps: [{ interface: 'vendor', step: 'send_raw' }] },
    '1.115',
    403,
  ],
  [
    'clean steps with provide',
    'manageable',
    { target: 'provide', clean_steps: CLEAN },
    '1.115',
    400,
  ],
  ['deploy steps', 'available', { target: 'active', deploy_steps: DEPLOY }, '1.69', 202],
  [
    'deploy steps before 1.69',
    'available',
    { target: 'active', deploy_steps: DEPLOY },
    '1.68',
    406,
  ],
  [
    'a deploy step without priority',
    'available',
    { target: 'active', deploy_steps: CLEAN },
    '1.115',
    400,
  ],
  ['deploy before 1.73', 'available', { target: 'deploy' }, '1.72', 406],
  ['undeploy', 'active', { target: 'undeploy' }, '1.73', 202],
  [
    'no ramdisk while cleaning',
    'manageable',
    { target: 'clean', clean_steps: CLEAN, disable_ramdisk: true },
    '1.70',
    202,
  ],
  [
    'the same before 1.70',
    'manageable',
    { target: 'clean', clean_steps: CLEAN, disable_ramdisk: true },
    '1.69',
    406,
  ],
  ['abort in inspect wait before 1.41', 'inspect wait', { target: 'abort' }, '1.40', 406],
  ['abort in wait call-back before 1.110', 'wait call-back', { target: 'abort' }, '1.109', 406],
  ['abort in wait call-back', 'wait call-back', { target: 'abort' }, '1.110', 202],
  ['service in the wrong state, even before 1.87', 'enroll', { target: 'service' }, '1.50', 400],
  ['a runbook before 1.92', 'manageable', { target: 'clean', runbook: 'r' }, '1.91', 406],
  ['an argument that does not exist', 'enroll', { target: 'manage', zzz: 1 }, '1.115', 400],
  ['no target', 'enroll', {}, '1.115', 400],
];

test('provision requests are accepted or refused by shape, state and version', async () => {
  for (const [what, state, body, version, expected] of PROVISIONS) {
    await inState(state, { targetProvisionState: null });

    const { status, fault } = await put('states/provision', body, version);
    assert.equal(status, expected, `${what}: ${fault}`);
  }
});

test('deploying in maintenance is refused', async () => {
  await inState('available', { maintenance: true });

  const { status, fault } = await put('states/provision', { target: 'active' });

  assert.equal(status, 400);
  assert.match(fault ?? '', /maintenance mode/);
});

test('a body over the usual limit passes for provisioning only', async () => {
  await inState('available');
  const configdrive = 'A'.repeat(2_000_000);

  const { status } = await put('states/provision', { target: 'active', configdrive });

  assert.equal(status, 202);
  assert.equal((api.conductor.provisions[0]?.configDrive as string | undefined)?.length, 2_000_000);
});

test('ports: made, shown, found by address in any case, patched, deleted', async () => {
  const made = await api.ask('POST', '/v1/ports', {
    body: { node_uuid: uuid, address: '52:54:00:AA:BB:01', extra: { a: 1 }, name: 'p1' },
  });
  const found = await api.ask('GET', '/v1/ports/detail?address=52:54:00:AA:bb:01');
  const patched = await api.ask('PATCH', '/v1/ports/p1', {
    body: [
      { op: 'replace', path: '/pxe_enabled', value: false },
      { op: 'remove', path: '/extra/a' },
    ],
  });
  const deleted = await api.ask('DELETE', `/v1/ports/${made.body.uuid}`);

  assert.equal(made.status, 201);
  assert.equal(made.body.address, '52:54:00:aa:bb:01');
  assert.equal(found.body.ports[0].uuid, made.body.uuid);
  assert.deepEqual([patched.body.pxe_enabled, patched.body.extra], [false, {}]);
  assert.equal(deleted.status, 204);
});

const BAD_PORTS: readonly (readonly [object, number, string?])[] = [
  [{ address: '52:54:00:00:00:01' }, 400],
  [{ node_uuid: 'UUID' }, 400],
  [{ node_uuid: 'UUID', address: 'x' }, 400],
  [{ node_uuid: '11111111-2222-4333-8444-555555555555', address: '52:54:00:00:00:01' }, 400],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', zzz: 1 }, 400],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', internal_info: {} }, 400],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', physical_network: '' }, 400],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', physical_network: 'p' }, 406, '1.33'],
  [{ node_ident: 'n1', address: '52:54:00:00:00:01' }, 406, '1.93'],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', local_link_connection: { x: 1 } }, 400],
  [{ node_uuid: 'UUID', address: '52:54:00:00:00:01', is_smartnic: true }, 400],
];

test('bad ports are refused and not made', async () => {
  for (const [body, expected, version = '1.115'] of BAD_PORTS) {
    const text = JSON.stringify(body).replace('UUID', uuid);
    const { status } = await api.ask('POST', '/v1/ports', { body: text, version });

    assert.equal(status, expected, text);
  }
  assert.deepEqual((await api.ask('GET', '/v1/ports')).body.ports, []);
});

test('a MAC address is used once, and is no identity', async () => {
  const body = { node_ident: 'n1', address: '52:54:00:00:00:01' };
  const first = await api.ask('POST', '/v1/ports', { body });
  const second = await api.ask('POST', '/v1/ports', { body });
  const byAddress = await api.ask('GET', '/v1/ports/52:54:00:00:00:01');

  assert.equal(first.status, 201);
  assert.equal(second.status, 409);
  assert.equal(second.fault, 'A port with MAC address 52:54:00:00:00:01 already exists.');
  assert.equal(byAddress.status, 400);
});

test('a port keeps its address while the node is in use', async () => {
  const made = await api.ask('POST', '/v1/ports', {
    body: { node_uuid: uuid, address: '52:54:00:00:00:01' },
  });
  await inState('active');

  const { status } = await api.ask('PATCH', `/v1/ports/${made.body.uuid}`, {
    body: [{ op: 'replace', path: '/address', value: '52:54:00:00:00:02' }],
  });

  assert.equal(status, 409);
});

test('ports of a node are found by its name too', async () => {
  await api.ask('POST', '/v1/ports', { body: { node_uuid: uuid, address: '52:54:00:00:00:01' } });

  const nested = await api.ask('GET', '/v1/nodes/n1/ports');
  const filtered = await api.ask('GET', '/v1/ports?node=n1');
  const two = await api.ask('GET', '/v1/ports?node=n1&shard=s');

  assert.equal(nested.body.ports.length, 1);
  assert.equal(filtered.body.ports.length, 1);
  assert.equal(two.status, 403);
});

test('validate, inventory, history, traits and children answer for a fresh node', async () => {
  const validate = await api.ask('GET', '/v1/nodes/n1/validate');
  const byQuery = await api.ask('GET', '/v1/nodes/validate?node=n1');
  const inventory = await api.ask('GET', '/v1/nodes/n1/inventory');
  const history = await api.ask('GET', '/v1/nodes/n1/history');
  const traits = await api.ask('GET', '/v1/nodes/n1/traits');
  const children = await api.ask('GET', '/v1/nodes/n1/children');

  assert.deepEqual(validate.body.power, { result: true });
  assert.deepEqual(byQuery.body, validate.body);
  assert.equal(inventory.status, 404);
  assert.deepEqual(history.body, { history: [] });
  assert.deepEqual(traits.body, { traits: [] });
  assert.deepEqual(children.body.children, []);
});

test('drivers: list, one, properties, unknown', async () => {
  const list = await api.ask('GET', '/v1/drivers?fields=name,hosts');
  const one = await api.ask('GET', '/v1/drivers/redfish');
  const properties = await api.ask('GET', '/v1/drivers/redfish/properties');
  const unknown = await api.ask('GET', '/v1/drivers/zz');
  const classic = await api.ask('GET', '/v1/drivers?type=classic');

  assert.deepEqual(list.body.drivers.map((each: { name: string }) => each.name).sort(), [
    'fake-hardware',
    'ipmi',
    'redfish',
  ]);
  assert.deepEqual(list.body.drivers[0].hosts, ['conductor-1']);
  assert.equal(one.body.default_power_interface, 'redfish');
  assert.equal(typeof properties.body.redfish_address, 'string');
  assert.deepEqual(
    [unknown.status, unknown.fault],
    [404, 'Could not find the following driver(s) or hardware type(s): zz.'],
  );
  assert.deepEqual(classic.body.drivers, []);
});

test('why and journal answer under our own prefix', async () => {
  api.conductor.addJournal(uuid as NodeUuid, {
    seq: 5,
    at: '2026-11-21T00:00:00.000000+00:00',
    workflow: 'w',
    kind: 'deploy',
    stepIndex: 0,
    step: 'write_image',
    interface: 'deploy',
    event: 'started',
    detail: {},
  });

  const why = await api.ask('GET', '/bessemer/nodes/n1/why');
  const all = await api.ask('GET', '/bessemer/nodes/n1/journal?after=4');
  const none = await api.ask('GET', '/bessemer/nodes/n1/journal?after=5');
  const bad = await api.ask('GET', '/bessemer/nodes/n1/journal?after=x');

  assert.equal(why.body.node, uuid);
  assert.equal(all.body.entries[0].seq, 5);
  assert.deepEqual(none.body.entries, []);
  assert.equal(bad.status, 400);
});

test('chassis: made, listed, kept while nodes are in it', async () => {
  const made = await api.ask('POST', '/v1/chassis', { body: { description: 'rack 1' } });
  await api.ask('PATCH', '/v1/nodes/n1', {
    body: [{ op: 'add', path: '/chassis_uuid', value: made.body.uuid }],
  });

  const list = await api.ask('GET', '/v1/chassis');
  const kept = await api.ask('DELETE', `/v1/chassis/${made.body.uuid}`);
  await api.ask('DELETE', '/v1/nodes/n1');
  const gone = await api.ask('DELETE', `/v1/chassis/${made.body.uuid}`);

  assert.equal(list.body.chassis[0].description, 'rack 1');
  assert.deepEqual([kept.status, gone.status], [400, 204]);
});
