// VIFs of a node: which port or group they go to, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openOneNode } from './api/one-node.ts';
import type { Answer } from './api/with-api.ts';

const VIF = '7dd1ee2c-8f2b-4d3e-9b1c-5a4f3a2b1c0d';
const OTHER_VIF = '8dd1ee2c-8f2b-4d3e-9b1c-5a4f3a2b1c0d';
const NOBODY = '11111111-2222-4333-8444-555555555555';

const site = openOneNode();
const { ask, setNode } = site;
const makePort = async (more: object = {}): Promise<string> => (await site.makePort(more)).uuid;
const makeGroup = async (more: object = {}): Promise<string> => (await site.makeGroup(more)).uuid;

const attach = (body: unknown, version = '1.115', ident = 'n1'): Promise<Answer> =>
  ask('POST', `/v1/nodes/${ident}/vifs`, { body, version });
const detach = (vif: string): Promise<Answer> => ask('DELETE', `/v1/nodes/n1/vifs/${vif}`);
const vifs = async (): Promise<unknown> => (await ask('GET', '/v1/nodes/n1/vifs')).body;
const carried = async (path: string): Promise<unknown> =>
  (await ask('GET', `/v1/${path}`)).body.internal_info.tenant_vif_port_id;

test('a VIF is attached to a port, listed, and detached', async () => {
  const port = await makePort();

  const attached = await attach({ id: VIF, something: 'else' }, '1.28');
  const listed = await vifs();
  const kept = await carried(`ports/${port}`);
  const detached = await detach(VIF);

  assert.deepEqual([attached.status, attached.text], [204, '']);
  assert.deepEqual(listed, { vifs: [{ id: VIF }] });
  assert.equal(kept, VIF);
  assert.deepEqual([detached.status, detached.text], [204, '']);
  assert.deepEqual(await vifs(), { vifs: [] });
  assert.equal(await carried(`ports/${port}`), undefined);
});

test('a group with ports comes before a port, and its members are not taken by themselves', async () => {
  const single = await makePort();
  const group = await makeGroup();
  const member = await makePort({ portgroup_uuid: group });
  await makeGroup();

  const answers = [
    await attach({ id: 'a' }),
    await attach({ id: 'b' }),
    await attach({ id: 'c' }),
    await attach({ id: 'c', port_uuid: member }),
  ];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [204, 204, 400, 400],
  );
  assert.equal(await carried(`portgroups/${group}`), 'a');
  assert.equal(await carried(`ports/${single}`), 'b');
  assert.deepEqual(await vifs(), { vifs: [{ id: 'b' }, { id: 'a' }] });
});

test('a port in a physical network comes first, then one that boots, then the oldest', async () => {
  const quiet = await makePort({ pxe_enabled: false });
  const booting = await makePort();
  const second = await makePort();
  const networked = await makePort({ pxe_enabled: false, physical_network: 'physnet1' });

  for (const id of ['a', 'b', 'c', 'd']) await attach({ id });

  const order = [];
  for (const port of [networked, booting, second, quiet])
    order.push(await carried(`ports/${port}`));
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});

test('a port or a group may be asked for from 1.67 on', async () => {
  await makePort();
  const second = await makePort();
  const group = await makeGroup();
  await makePort({ portgroup_uuid: group });

  const older = await attach({ id: 'a', port_uuid: second }, '1.66');
  const port = await attach({ id: 'a', port_uuid: second }, '1.67');
  const portgroup = await attach({ id: 'b', portgroup_uuid: group }, '1.67');

  assert.deepEqual([older.status, port.status, portgroup.status], [406, 204, 204]);
  assert.equal(await carried(`ports/${second}`), 'a');
  assert.equal(await carried(`portgroups/${group}`), 'b');
});

test('what cannot be attached is refused', async () => {
  const port = await makePort();
  const group = await makeGroup();
  const cases: readonly (readonly [string, unknown, number])[] = [
    ['no id', {}, 400],
    ['a number', { id: 1 }, 400],
    ['no name', { id: 'a b' }, 400],
    ['a port and a group', { id: VIF, port_uuid: port, portgroup_uuid: group }, 400],
    ['a port by name', { id: VIF, port_uuid: 'eth0' }, 400],
    ['an unknown port', { id: VIF, port_uuid: NOBODY }, 400],
    ['a group without ports', { id: VIF, portgroup_uuid: group }, 400],
    ['a list', [], 400],
  ];
  for (const [what, body, status] of cases) assert.equal((await attach(body)).status, status, what);

  assert.equal((await attach({ id: VIF }, '1.115', 'nobody')).status, 404);
  assert.deepEqual(await vifs(), { vifs: [] });
});

test('a VIF is attached once, a port carries one, and none is detached that is not there', async () => {
  await makePort();
  const free = await makePort();

  await attach({ id: VIF });
  const twice = await attach({ id: VIF });
  const second = await attach({ id: OTHER_VIF });
  const third = await attach({ id: 'c' });
  const absent = await detach('c');

  assert.deepEqual(
    [twice.status, second.status, third.status, absent.status],
    [409, 204, 400, 400],
  );
  assert.match(twice.fault ?? '', new RegExp(`VIF ${VIF} is already attached to port`));
  assert.equal(third.fault, 'Unable to attach VIF c, not enough free physical ports.');
  assert.equal(
    absent.fault,
    `Unable to detach VIF c from node ${site.node} because it is not attached to it.`,
  );
  assert.equal(await carried(`ports/${free}`), OTHER_VIF);
});

test('of VIFs attached at once each gets a port of its own, or none', async () => {
  for (let index = 0; index < 4; index += 1) await makePort();

  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, index) => attach({ id: `vif-${index}` })),
  );

  assert.equal(answers.filter(({ status }) => status === 204).length, 4);
  assert.equal(answers.filter(({ status }) => status === 400).length, 2);
  assert.equal(((await vifs()) as { readonly vifs: unknown[] }).vifs.length, 4);
});

test('a node that somebody works on keeps its VIFs', async () => {
  await makePort();
  await attach({ id: VIF });
  await setNode({ reservation: 'conductor-1' });

  const answers = [await attach({ id: OTHER_VIF }), await detach(VIF)];

  for (const { status, fault } of answers) {
    assert.equal(status, 409);
    assert.match(fault ?? '', /is locked by host conductor-1/);
  }
  assert.deepEqual(await vifs(), { vifs: [{ id: VIF }] });
});

test('a node that no conductor serves takes no VIF', async () => {
  await makePort();
  await setNode({ conductorGroup: 'nowhere' });

  const { status, fault } = await attach({ id: VIF });

  assert.equal(status, 400);
  assert.match(fault ?? '', /No conductor service registered/);
});

test('a port that carries a VIF is neither deleted nor moved, unless in maintenance deleted', async () => {
  const other = await site.api.createNode({ name: 'n2' });
  const port = await makePort();
  await attach({ id: VIF });

  const moved = await ask('PATCH', `/v1/ports/${port}`, {
    body: [{ op: 'replace', path: '/node_uuid', value: other.uuid }],
  });
  const deleted = await ask('DELETE', `/v1/ports/${port}`);
  await setNode({ maintenance: true });
  const maintained = await ask('DELETE', `/v1/ports/${port}`);

  assert.deepEqual([moved.status, deleted.status, maintained.status], [409, 409, 204]);
});
