// test_ports, test_ports_negative, test_portgroups, test_chassis, test_volume_connector, test_volume_target.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { waitFor } from '../../harness/wait-for.ts';
import { type Body, uniqueName } from '../api-client.ts';
import { freeMac } from '../cli/node-cases.ts';
import { type Gists, type Patch, type Tempest, uuidsOf } from './tempest-world.ts';

/** What all that is made, listed by pages and patched has in common; `/extra` is what may always be changed. */
const checkLife = async (world: Tempest, path: string, made: readonly Body[]): Promise<void> => {
  const key = path.split('/').at(-1) ?? '';
  const [first] = made;
  const one = `${path}/${first.uuid}`;
  assert.equal((await world.get(one)).uuid, first.uuid);
  const seen = new Set<string>();
  for (let next = `${path}?limit=1`; next !== undefined;) {
    const page = await world.get(next);
    for (const { uuid } of page[key]) seen.add(uuid);
    next = page.next;
  }
  for (const { uuid } of made) assert.ok(seen.has(uuid), uuid);

  const extra = async (patch: Patch): Promise<object> => (await world.patch(one, patch)).extra;
  const add = (name: string): Patch[number] => ({ op: 'add', path: `/extra/${name}`, value: name });
  assert.deepEqual(await extra([add('a'), add('b')]), { a: 'a', b: 'b' });
  assert.deepEqual(await extra([{ op: 'replace', path: '/extra/a', value: 'z' }]), {
    a: 'z',
    b: 'b',
  });
  assert.deepEqual(await extra([add('c'), { op: 'remove', path: '/extra/b' }]), {
    a: 'z',
    c: 'c',
  });
  // One that cannot be done, and none of them is.
  const body = [add('d'), { op: 'remove', path: '/extra/nothing' }];
  await world.refused(400, 'PATCH', one, { body });
  await world.refused(400, 'PATCH', one, { body: [{ op: 'add', path: '/nothing', value: 1 }] });
  assert.deepEqual((await world.get(one)).extra, { a: 'z', c: 'c' });
  assert.deepEqual(await extra([{ op: 'remove', path: '/extra' }]), {});

  await world.remove(one);
  for (const method of ['GET', 'DELETE']) await world.refused(404, method, one);
  await world.refused(404, 'PATCH', one, { body: [add('a')] });
};

const makePort = async (world: Tempest, facts: object = {}): Promise<Body> => {
  const { uuid } = await world.makeNode();
  return world.post('/v1/ports', { node_uuid: uuid, address: freeMac(), ...facts });
};

export const PORT_GISTS: Gists = {
  'test_ports: made, found, listed by pages, patched, deleted': async (world) => {
    const port = await makePort(world, { extra: { key: 'value' } });
    const all = await world.get(`/v1/ports?address=${port.address.toUpperCase()}`);
    assert.deepEqual(uuidsOf(all.ports), [port.uuid]);
    const detail = await world.get(`/v1/ports/detail?node=${port.node_uuid}`);
    assert.deepEqual(detail.ports[0].extra, { key: 'value' });
    await world.patch(`/v1/ports/${port.uuid}`, [{ op: 'remove', path: '/extra' }]);
    const address = freeMac();
    const moved = await world.patch(`/v1/ports/${port.uuid}`, [
      { op: 'replace', path: '/address', value: address },
    ]);
    assert.equal(moved.address, address);

    await checkLife(world, '/v1/ports', [port, await makePort(world)]);
  },
  'test_ports: physical networks, from 1.34 on, one to a group': async (world) => {
    const node = await world.makeNode();
    const group = await world.post('/v1/portgroups', { node_uuid: node.uuid });
    const member = (network: string | null) => ({
      node_uuid: node.uuid,
      address: freeMac(),
      portgroup_uuid: group.uuid,
      physical_network: network,
    });
    const port = await world.post('/v1/ports', member('net1'));

    assert.equal(port.physical_network, 'net1');
    await world.refused(409, 'POST', '/v1/ports', { body: member('net2') });
    await world.refused(409, 'POST', '/v1/ports', { body: member(null) });
    const second = await world.post('/v1/ports', member('net1'));
    await world.refused(409, 'PATCH', `/v1/ports/${second.uuid}`, {
      body: [{ op: 'replace', path: '/physical_network', value: 'net2' }],
    });
    const old = await world.get(`/v1/ports/${port.uuid}`, { version: '1.33' });
    assert.equal('physical_network' in old, false);
    const body = { node_uuid: node.uuid, address: freeMac(), physical_network: 'net1' };
    await world.refused(406, 'POST', '/v1/ports', { body, version: '1.33' });
  },
  'test_ports_negative: what is no port, or one that there is': async (world) => {
    const port = await makePort(world);
    const { uuid: node } = await world.makeNode();
    const good = { node_uuid: node, address: freeMac() };
    for (const wrong of [
      { address: 'malformed:mac' },
      { address: undefined },
      { address: 7 },
      { node_uuid: undefined },
      { node_uuid: 'malformed' },
      { node_uuid: randomUUID() },
      { uuid: 'malformed' },
      { nothing: 1 },
      { extra: 'no object' },
      { pxe_enabled: 'perhaps' },
    ]) {
      await world.refused(400, 'POST', '/v1/ports', { body: { ...good, ...wrong } });
    }
    for (const taken of [{ address: port.address }, { uuid: port.uuid }]) {
      await world.refused(409, 'POST', '/v1/ports', { body: { ...good, ...taken } });
    }
    const nothing = (await world.get(`/v1/ports?node=${node}`)).ports;
    assert.deepEqual(nothing, []);
    for (const method of ['GET', 'DELETE']) {
      await world.refused(400, method, `/v1/ports/${port.address}`);
      await world.refused(404, method, `/v1/ports/${randomUUID()}`);
    }
  },
  'test_ports_negative: patches that cannot be': async (world) => {
    const [port, other] = [await makePort(world), await makePort(world)];
    const path = `/v1/ports/${port.uuid}`;
    const before = await world.get(path);
    const change = (at: string, value: unknown) => ({ op: 'replace', path: at, value }) as const;
    for (const wrong of [
      change('/address', 'malformed:mac'),
      change('/node_uuid', 'malformed'),
      change('/node_uuid', randomUUID()),
      change('/nothing', 1),
      change('/uuid', randomUUID()),
      { op: 'remove', path: '/address' },
      { op: 'remove', path: '/node_uuid' },
      { op: 'remove', path: '/extra/nothing' },
      { op: 'add', path: '/nothing', value: 1 },
    ]) {
      const body = [change('/extra', { seen: 'yes' }), wrong];
      await world.refused(400, 'PATCH', path, { body });
    }
    const body = [change('/address', other.address)];
    await world.refused(409, 'PATCH', path, { body });
    assert.deepEqual(await world.get(path), before);
    await world.refused(406, 'PATCH', path, {
      body: [change('/pxe_enabled', false)],
      version: '1.18',
    });
  },
  'test_portgroups: 1.26 with and without an address; .json at 1.90 and 1.91': async (world) => {
    const { uuid: node } = await world.makeNode();
    const version = '1.26';
    const name = uniqueName('group');
    const address = freeMac();
    const call = { version } as const;
    const bare = await world.post('/v1/portgroups', { node_uuid: node }, call);
    const full = await world.post('/v1/portgroups', { node_uuid: node, name, address }, call);
    assert.deepEqual([bare.address, full.address, full.mode], [null, address, 'active-backup']);
    const found = (await world.get(`/v1/portgroups?address=${address}`)).portgroups;
    assert.deepEqual(uuidsOf(found), [full.uuid]);
    const changed = await world.patch(`/v1/portgroups/${name}`, [
      { op: 'add', path: '/properties', value: { miimon: '100' } },
      { op: 'replace', path: '/mode', value: '802.3ad' },
      { op: 'remove', path: '/address' },
    ]);
    assert.deepEqual([changed.mode, changed.address], ['802.3ad', null]);
    const cut = await world.get(`/v1/portgroups/${name}.json`, { version: '1.90' });
    assert.equal(cut.uuid, full.uuid);
    await world.refused(404, 'GET', `/v1/portgroups/${name}.json`, { version: '1.91' });

    await checkLife(world, '/v1/portgroups', [full, bare]);
  },
  'test_chassis: described in any script, given a UUID, with nodes': async (world) => {
    const [description, uuid] = ['стойка 架 🗄', randomUUID()];
    const chassis = await world.post('/v1/chassis', { description, uuid });
    assert.equal((await world.get(`/v1/chassis/${uuid}`)).description, description);
    const node = await world.makeNode('enroll', { chassis_uuid: uuid });
    assert.deepEqual(uuidsOf((await world.get(`/v1/chassis/${uuid}/nodes`)).nodes), [node.uuid]);
    await world.refused(400, 'DELETE', `/v1/chassis/${uuid}`);
    await world.remove(`/v1/nodes/${node.uuid}`);

    await checkLife(world, '/v1/chassis', [chassis, await world.post('/v1/chassis', {})]);
  },
};

/** Volumes may be changed while the machine is off. */
const switchedOn = async (world: Tempest, node: string, target: string): Promise<void> => {
  await world.put(`/v1/nodes/${node}/states/power`, { target });
  await waitFor(
    () => world.get(`/v1/nodes/${node}`),
    (seen: Body) => seen.power_state === target && seen.reservation === null,
    20_000,
  );
};

const checkVolumes = async (
  world: Tempest,
  path: string,
  facts: (index: number) => object,
): Promise<void> => {
  const node = await world.makeNode('manageable');
  const make = (index: number) => world.post(path, { node_uuid: node.uuid, ...facts(index) });
  const made = [await make(0), await make(1)];
  const key = path.split('/').at(-1) ?? '';
  assert.deepEqual(uuidsOf((await world.get(`${path}?node=${node.uuid}`))[key]), uuidsOf(made));
  await world.refused(409, 'POST', path, { body: { node_uuid: node.uuid, ...facts(0) } });
  await switchedOn(world, node.uuid, 'power on');
  const one = `${path}/${made[0].uuid}`;
  const body = [{ op: 'add', path: '/extra', value: { a: 'b' } }];
  await world.refused(400, 'PATCH', one, { body });
  await world.refused(400, 'DELETE', one);
  await switchedOn(world, node.uuid, 'power off');

  await checkLife(world, path, made);
};

export const VOLUME_GISTS: Gists = {
  'test_volume_connector: changed while the node is off, refused while on': (world) =>
    checkVolumes(world, '/v1/volume/connectors', (index) => ({
      type: 'iqn',
      connector_id: `iqn.2026-11.test:${index}`,
    })),
  'test_volume_target: changed while the node is off, refused while on': (world) =>
    checkVolumes(world, '/v1/volume/targets', (index) => ({
      volume_type: 'iscsi',
      volume_id: uniqueName('volume'),
      boot_index: index,
    })),
};
