// `openstack baremetal port`, `port group` and the volumes of a node.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { type Body, uniqueName } from '../api-client.ts';
import { type CliCases, type CliWorld, columnOf } from '../cli-world.ts';
import { words } from '../command-words.ts';
import { freeMac } from './node-cases.ts';

const makePort = async ({ make, makeNode }: CliWorld, facts: object = {}): Promise<Body> => {
  const node = await makeNode();
  return make('/v1/ports', { node_uuid: node.uuid, address: freeMac(), ...facts });
};

const makePortgroup = async ({ make, makeNode }: CliWorld, facts: object = {}): Promise<Body> => {
  const node = await makeNode();
  return make('/v1/portgroups', { node_uuid: node.uuid, name: uniqueName('group'), ...facts });
};

const makeConnector = async ({ make, makeNode }: CliWorld, facts: object = {}): Promise<Body> => {
  const node = await makeNode('manageable');
  const connector = { node_uuid: node.uuid, type: 'iqn', connector_id: uniqueName('iqn.a:') };
  return make('/v1/volume/connectors', { ...connector, ...facts });
};

const makeTarget = async ({ make, makeNode }: CliWorld, facts: object = {}): Promise<Body> => {
  const node = await makeNode('manageable');
  const target = { node_uuid: node.uuid, volume_type: 'iscsi', volume_id: randomUUID() };
  return make('/v1/volume/targets', { ...target, boot_index: 0, ...facts });
};

export const PORT_CASES: CliCases = {
  'baremetal port create': async ({ json, read, make, makeNode }) => {
    const node = await makeNode();
    const group = await make('/v1/portgroups', { node_uuid: node.uuid });
    const address = freeMac();
    const created = await json(
      ...words`port create ${address} --node ${node.uuid} --pxe-enabled false
        --extra a=b --port-group ${group.uuid} --physical-network net1
        --local-link-connection switch_id=0a:1b:2c:3d:4e:5f
        --local-link-connection port_id=Eth1`,
    );

    const port = await read(`/v1/ports/${created.uuid}`);
    assert.deepEqual(
      [port.address, port.node_uuid, port.pxe_enabled, port.extra, port.portgroup_uuid],
      [address, node.uuid, false, { a: 'b' }, group.uuid],
    );
    assert.deepEqual(
      [port.physical_network, port.local_link_connection],
      ['net1', { switch_id: '0a:1b:2c:3d:4e:5f', port_id: 'Eth1' }],
    );
  },
  'baremetal port list': async (world) => {
    const port = await makePort(world);
    const { json } = world;

    assert.ok(columnOf(await json('port', 'list'), 'UUID').includes(port.uuid));
    for (const filter of [
      ['--node', port.node_uuid],
      ['--address', port.address, '--long'],
    ]) {
      const rows = await json('port', 'list', ...filter);
      assert.deepEqual(columnOf(rows, 'Address'), [port.address]);
    }
  },
  'baremetal port show': async (world) => {
    const port = await makePort(world);

    assert.equal((await world.json('port', 'show', port.uuid)).address, port.address);
    assert.equal((await world.json('port', 'show', '--address', port.address)).uuid, port.uuid);
  },
  'baremetal port set': async (world) => {
    const port = await makePort(world);
    const address = freeMac();
    await world.run(
      ...words`port set ${port.uuid} --address ${address} --extra a=1 --pxe-disabled
        --physical-network net2 --is-smartnic
        --local-link-connection hostname=switch --local-link-connection port_id=p`,
    );

    const seen = await world.read(`/v1/ports/${port.uuid}`);
    assert.deepEqual(
      [seen.address, seen.extra, seen.pxe_enabled, seen.physical_network, seen.is_smartnic],
      [address, { a: 1 }, false, 'net2', true],
    );
  },
  'baremetal port unset': async (world) => {
    const port = await makePort(world, { extra: { a: 1, b: 2 }, physical_network: 'net1' });
    await world.run('port', 'unset', port.uuid, '--extra', 'a', '--physical-network');

    const seen = await world.read(`/v1/ports/${port.uuid}`);
    assert.deepEqual([seen.extra, seen.physical_network], [{ b: 2 }, null]);
  },
  'baremetal port delete': async (world) => {
    const port = await makePort(world);
    await world.run('port', 'delete', port.uuid);

    assert.ok(await world.isGone(`/v1/ports/${port.uuid}`));
  },
  'baremetal port group create': async ({ json, read, makeNode }) => {
    const node = await makeNode();
    const [address, name] = [freeMac(), uniqueName('bond')];
    const created = await json(
      ...words`port group create --node ${node.uuid} --address ${address} --name ${name}
        --mode 802.3ad --property miimon=100 --extra a=b
        --unsupport-standalone-ports`,
    );

    const group = await read(`/v1/portgroups/${created.uuid}`);
    assert.deepEqual(
      [group.address, group.name, group.mode, group.properties, group.extra],
      [address, name, '802.3ad', { miimon: 100 }, { a: 'b' }],
    );
    assert.equal(group.standalone_ports_supported, false);
  },
  'baremetal port group list': async (world) => {
    const group = await makePortgroup(world, { address: freeMac() });
    const { json } = world;

    assert.ok(columnOf(await json('port', 'group', 'list'), 'UUID').includes(group.uuid));
    for (const filter of [
      ['--node', group.node_uuid],
      ['--address', group.address, '--long'],
    ]) {
      const rows = await json('port', 'group', 'list', ...filter);
      assert.deepEqual(columnOf(rows, 'UUID'), [group.uuid]);
    }
  },
  'baremetal port group show': async (world) => {
    const group = await makePortgroup(world, { address: freeMac() });
    const { json } = world;

    assert.equal((await json('port', 'group', 'show', group.name)).uuid, group.uuid);
    const byAddress = await json('port', 'group', 'show', '--address', group.address);
    assert.equal(byAddress.uuid, group.uuid);
  },
  'baremetal port group set': async (world) => {
    const group = await makePortgroup(world);
    const [name, address] = [uniqueName('bond'), freeMac()];
    await world.run(
      ...words`port group set ${group.uuid} --name ${name} --address ${address}
        --mode balance-rr --property a=b --extra c=d
        --unsupport-standalone-ports`,
    );

    const seen = await world.read(`/v1/portgroups/${name}`);
    assert.deepEqual(
      [seen.address, seen.mode, seen.properties, seen.extra, seen.standalone_ports_supported],
      [address, 'balance-rr', { a: 'b' }, { c: 'd' }, false],
    );
  },
  'baremetal port group unset': async (world) => {
    const facts = { extra: { a: 1 }, properties: { b: 2, c: 3 }, address: freeMac() };
    const group = await makePortgroup(world, facts);
    await world.run(
      ...words`port group unset ${group.uuid} --name --address
        --extra a --property b`,
    );

    const seen = await world.read(`/v1/portgroups/${group.uuid}`);
    assert.deepEqual(
      [seen.name, seen.address, seen.extra, seen.properties],
      [null, null, {}, { c: 3 }],
    );
  },
  'baremetal port group delete': async (world) => {
    const group = await makePortgroup(world);
    await world.run('port', 'group', 'delete', group.name);

    assert.ok(await world.isGone(`/v1/portgroups/${group.uuid}`));
  },
};

export const VOLUME_CASES: CliCases = {
  'baremetal volume connector create': async ({ json, read, makeNode }) => {
    const node = await makeNode('manageable');
    const id = uniqueName('iqn.2026-11.test:');
    const created = await json(
      ...words`volume connector create --node ${node.uuid} --type iqn
        --connector-id ${id} --extra a=b`,
    );

    const seen = await read(`/v1/volume/connectors/${created.uuid}`);
    assert.deepEqual(
      [seen.node_uuid, seen.type, seen.connector_id, seen.extra],
      [node.uuid, 'iqn', id, { a: 'b' }],
    );
  },
  'baremetal volume connector list': async (world) => {
    const made = await makeConnector(world);
    const list = (...args: string[]) => world.json('volume', 'connector', 'list', ...args);

    assert.ok(columnOf(await list(), 'UUID').includes(made.uuid));
    assert.deepEqual(columnOf(await list('--node', made.node_uuid, '--long'), 'UUID'), [made.uuid]);
  },
  'baremetal volume connector show': async (world) => {
    const made = await makeConnector(world);

    const shown = await world.json('volume', 'connector', 'show', made.uuid);
    assert.equal(shown.connector_id, made.connector_id);
  },
  'baremetal volume connector set': async (world) => {
    const made = await makeConnector(world);
    await world.run(
      ...words`volume connector set ${made.uuid} --type ip --connector-id 10.1.2.3
        --extra a=b`,
    );

    const seen = await world.read(`/v1/volume/connectors/${made.uuid}`);
    assert.deepEqual([seen.type, seen.connector_id, seen.extra], ['ip', '10.1.2.3', { a: 'b' }]);
  },
  'baremetal volume connector unset': async (world) => {
    const made = await makeConnector(world, { extra: { a: 1, b: 2 } });
    await world.run('volume', 'connector', 'unset', made.uuid, '--extra', 'a');

    assert.deepEqual((await world.read(`/v1/volume/connectors/${made.uuid}`)).extra, { b: 2 });
  },
  'baremetal volume connector delete': async (world) => {
    const made = await makeConnector(world);
    await world.run('volume', 'connector', 'delete', made.uuid);

    assert.ok(await world.isGone(`/v1/volume/connectors/${made.uuid}`));
  },
  'baremetal volume target create': async ({ json, read, makeNode }) => {
    const node = await makeNode('manageable');
    const volume = randomUUID();
    const created = await json(
      ...words`volume target create --node ${node.uuid} --type iscsi --boot-index
        0 --volume-id ${volume} --property target_lun=1 --extra a=b`,
    );

    const seen = await read(`/v1/volume/targets/${created.uuid}`);
    assert.deepEqual(
      [seen.node_uuid, seen.volume_type, seen.boot_index, seen.volume_id, seen.extra],
      [node.uuid, 'iscsi', 0, volume, { a: 'b' }],
    );
    assert.equal(String(seen.properties.target_lun), '1');
  },
  'baremetal volume target list': async (world) => {
    const made = await makeTarget(world);
    const list = (...args: string[]) => world.json('volume', 'target', 'list', ...args);

    assert.ok(columnOf(await list(), 'UUID').includes(made.uuid));
    assert.deepEqual(columnOf(await list('--node', made.node_uuid, '--long'), 'UUID'), [made.uuid]);
  },
  'baremetal volume target show': async (world) => {
    const made = await makeTarget(world);

    const shown = await world.json('volume', 'target', 'show', made.uuid);
    assert.equal(shown.volume_id, made.volume_id);
  },
  'baremetal volume target set': async (world) => {
    const made = await makeTarget(world);
    const volume = randomUUID();
    await world.run(
      ...words`volume target set ${made.uuid} --type fibre_channel --boot-index 3
        --volume-id ${volume} --extra a=b --property c=d`,
    );

    const seen = await world.read(`/v1/volume/targets/${made.uuid}`);
    assert.deepEqual(
      [seen.volume_type, seen.boot_index, seen.volume_id, seen.extra, seen.properties.c],
      ['fibre_channel', 3, volume, { a: 'b' }, 'd'],
    );
  },
  'baremetal volume target unset': async (world) => {
    const made = await makeTarget(world, { extra: { a: 1, b: 2 }, properties: { c: 3 } });
    await world.run('volume', 'target', 'unset', made.uuid, '--extra', 'a', '--property', 'c');

    const seen = await world.read(`/v1/volume/targets/${made.uuid}`);
    assert.deepEqual([seen.extra, seen.properties], [{ b: 2 }, {}]);
  },
  'baremetal volume target delete': async (world) => {
    const made = await makeTarget(world);
    await world.run('volume', 'target', 'delete', made.uuid);

    assert.ok(await world.isGone(`/v1/volume/targets/${made.uuid}`));
  },
};
