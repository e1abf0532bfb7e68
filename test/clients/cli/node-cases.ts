// `openstack baremetal node`: records, maintenance, traits, VIFs, history.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { uniqueName } from '../api-client.ts';
import { type CliCases, columnOf } from '../cli-world.ts';
import { words } from '../command-words.ts';

const NETWORK_DATA = '{"links": [], "networks": [], "services": []}';
const TRAITS = ['CUSTOM_GOLD', 'CUSTOM_SSD'] as const;

export const NODE_CASES: CliCases = {
  'baremetal node create': async ({ json, read, make }) => {
    const chassis = await make('/v1/chassis', {});
    const name = uniqueName('made');
    const uuid = randomUUID();
    const created = await json(
      ...words`node create --driver fake-hardware --name ${name} --uuid ${uuid}
        --chassis-uuid ${chassis.uuid} --property cpu_arch=x86_64 --extra rack=7
        --driver-info fake_password=hidden --resource-class big
        --conductor-group ${''} --no-automated-clean
        --network-data ${NETWORK_DATA}
        --bios-interface no-bios --storage-interface noop`,
    );

    const node = await read(`/v1/nodes/${name}`);
    assert.equal(created.uuid, uuid);
    assert.deepEqual(
      [
        node.uuid,
        node.chassis_uuid,
        node.properties,
        node.extra,
        node.driver_info,
        node.resource_class,
      ],
      [uuid, chassis.uuid, { cpu_arch: 'x86_64' }, { rack: 7 }, { fake_password: '******' }, 'big'],
    );
    assert.deepEqual(
      [node.automated_clean, node.bios_interface, node.storage_interface],
      [false, 'no-bios', 'noop'],
    );
    assert.deepEqual(node.network_data, JSON.parse(NETWORK_DATA));
  },
  'baremetal node delete': async ({ run, isGone, makeNode }) => {
    const [first, second] = [await makeNode(), await makeNode()];

    await run('node', 'delete', first.name, second.uuid);

    assert.ok(await isGone(`/v1/nodes/${first.uuid}`));
    assert.ok(await isGone(`/v1/nodes/${second.uuid}`));
  },
  'baremetal node list': async ({ json, makeNode }) => {
    const one = await makeNode('enroll', { resource_class: uniqueName('class') });
    const other = await makeNode();
    const { resource_class: filter } = one as unknown as { readonly resource_class: string };

    const all = await json('node', 'list', '--limit', '0', '--sort', 'name:desc');
    const long = await json('node', 'list', '--long', '--resource-class', filter);
    const some = await json('node', 'list', '--fields', 'uuid', 'driver', '--owner', 'nobody');
    const paged = await json('node', 'list', '--limit', '1', '--marker', one.uuid);

    const names = columnOf(all, 'Name');
    assert.ok(names.includes(one.name) && names.includes(other.name));
    assert.deepEqual(columnOf(long, 'UUID'), [one.uuid]);
    assert.deepEqual(some, []);
    assert.equal(paged.length, 1);
  },
  'baremetal node show': async ({ json, ask, makeNode }) => {
    const node = await makeNode();
    const instance = randomUUID();
    const patch = [{ op: 'add', path: '/instance_uuid', value: instance }];
    await ask('PATCH', `/v1/nodes/${node.uuid}`, patch);

    const byName = await json('node', 'show', node.name);
    const byInstance = await json('node', 'show', '--instance', instance, '--fields', 'uuid');

    assert.equal(byName.uuid, node.uuid);
    assert.equal(byInstance.uuid, node.uuid);
  },
  'baremetal node set': async ({ run, read, makeNode }) => {
    const node = await makeNode('active');
    const name = uniqueName('renamed');
    await run(
      ...words`node set ${node.name} --name ${name} --resource-class big --owner p1
        --property memory_mb=64 --extra a=b --driver-info fake_power_delay=0
        --instance-info image_source=http://x/y --description d --automated-clean
        --protected --protected-reason mine --retired --retired-reason old
        --lessee p2 --network-data ${NETWORK_DATA}`,
    );

    const seen = await read(`/v1/nodes/${name}`);
    assert.deepEqual(
      [seen.resource_class, seen.owner, seen.properties.memory_mb, seen.extra, seen.description],
      ['big', 'p1', 64, { a: 'b' }, 'd'],
    );
    assert.deepEqual(
      [seen.automated_clean, seen.retired, seen.retired_reason, seen.protected_reason],
      [true, true, 'old', 'mine'],
    );
    assert.deepEqual(seen.instance_info, { image_source: 'http://x/y' });

    const raid = '{"logical_disks": [{"size_gb": 100, "raid_level": "1"}]}';
    const other = await makeNode('manageable');
    await run('node', 'set', other.name, '--target-raid-config', raid);
    const { target_raid_config: target } = await read(`/v1/nodes/${other.uuid}`);
    assert.deepEqual(target, JSON.parse(raid));
    await run('node', 'set', other.name, '--raid-interface', 'no-raid');
    await run('node', 'set', other.name, '--driver', 'fake-hardware', '--reset-interfaces');
    assert.equal((await read(`/v1/nodes/${other.uuid}`)).raid_interface, 'fake');
  },
  'baremetal node unset': async ({ run, read, ask, makeNode }) => {
    const node = await makeNode('enroll', {
      extra: { a: 1, b: 2 },
      resource_class: 'big',
      description: 'd',
      owner: 'p1',
      raid_interface: 'fake',
    });
    const raid = { logical_disks: [{ size_gb: 100, raid_level: '1' }] };
    await ask('PUT', `/v1/nodes/${node.uuid}/states/raid`, raid);

    await run(
      ...words`node unset ${node.name} --extra a --resource-class --description
        --owner --target-raid-config --bios-interface`,
    );

    const seen = await read(`/v1/nodes/${node.uuid}`);
    assert.deepEqual(
      [seen.extra, seen.resource_class, seen.description, seen.owner, seen.target_raid_config],
      [{ b: 2 }, null, null, null, {}],
    );
  },
  'baremetal node maintenance set': async ({ run, read, makeNode }) => {
    const node = await makeNode();
    await run('node', 'maintenance', 'set', node.name, '--reason', 'fan');

    const seen = await read(`/v1/nodes/${node.uuid}`);
    assert.deepEqual([seen.maintenance, seen.maintenance_reason], [true, 'fan']);
  },
  'baremetal node maintenance unset': async ({ run, read, ask, makeNode }) => {
    const node = await makeNode();
    await ask('PUT', `/v1/nodes/${node.uuid}/maintenance`, { reason: 'fan' });
    await run('node', 'maintenance', 'unset', node.name);

    const seen = await read(`/v1/nodes/${node.uuid}`);
    assert.deepEqual([seen.maintenance, seen.maintenance_reason], [false, null]);
  },
  'baremetal node add trait': async ({ run, read, makeNode }) => {
    const node = await makeNode();
    await run('node', 'add', 'trait', node.name, ...TRAITS);

    assert.deepEqual((await read(`/v1/nodes/${node.uuid}/traits`)).traits, TRAITS);
  },
  'baremetal node trait list': async ({ ask, json, makeNode }) => {
    const node = await makeNode();
    await ask('PUT', `/v1/nodes/${node.uuid}/traits`, { traits: TRAITS });

    assert.deepEqual(columnOf(await json('node', 'trait', 'list', node.name), 'Traits'), TRAITS);
  },
  'baremetal node remove trait': async ({ ask, run, read, makeNode }) => {
    const node = await makeNode();
    await ask('PUT', `/v1/nodes/${node.uuid}/traits`, { traits: [...TRAITS, 'CUSTOM_NVME'] });
    const traits = async () => (await read(`/v1/nodes/${node.uuid}/traits`)).traits;

    await run('node', 'remove', 'trait', node.name, TRAITS[0]);
    assert.deepEqual(await traits(), ['CUSTOM_NVME', TRAITS[1]]);
    await run('node', 'remove', 'trait', node.name, '--all');
    assert.deepEqual(await traits(), []);
  },
  'baremetal node vif attach': async ({ run, read, make, makeNode }) => {
    const node = await makeNode();
    const port = await make('/v1/ports', { node_uuid: node.uuid, address: freeMac() });
    const vif = randomUUID();
    await run('node', 'vif', 'attach', node.name, vif, '--port-uuid', port.uuid);

    assert.deepEqual((await read(`/v1/nodes/${node.uuid}/vifs`)).vifs, [{ id: vif }]);
  },
  'baremetal node vif list': async ({ ask, json, make, makeNode }) => {
    const node = await makeNode();
    await make('/v1/ports', { node_uuid: node.uuid, address: freeMac() });
    const vif = randomUUID();
    await ask('POST', `/v1/nodes/${node.uuid}/vifs`, { id: vif });

    assert.deepEqual(columnOf(await json('node', 'vif', 'list', node.name), 'ID'), [vif]);
  },
  'baremetal node vif detach': async ({ ask, run, read, make, makeNode }) => {
    const node = await makeNode();
    await make('/v1/ports', { node_uuid: node.uuid, address: freeMac() });
    const vif = randomUUID();
    await ask('POST', `/v1/nodes/${node.uuid}/vifs`, { id: vif });
    await run('node', 'vif', 'detach', node.name, vif);

    assert.deepEqual((await read(`/v1/nodes/${node.uuid}/vifs`)).vifs, []);
  },
  'baremetal node history list': async ({ json, read, makeNode, ask, settle }) => {
    const node = await makeNode('manageable', { driver_info: { fake_fail: 'inspect' } });
    await ask('PUT', `/v1/nodes/${node.uuid}/states/provision`, { target: 'inspect' });
    await settle(node, 'inspect failed');

    const rows = await json('node', 'history', 'list', node.name, '--long');
    const { history } = await read(`/v1/nodes/${node.uuid}/history`);
    assert.ok(rows.length > 0);
    assert.deepEqual(columnOf(rows, 'UUID'), columnOf(history, 'uuid'));
  },
  'baremetal node history get': async ({ json, read, makeNode, ask, settle }) => {
    const node = await makeNode('manageable', { driver_info: { fake_fail: 'inspect' } });
    await ask('PUT', `/v1/nodes/${node.uuid}/states/provision`, { target: 'inspect' });
    await settle(node, 'inspect failed');
    const { history } = await read(`/v1/nodes/${node.uuid}/history`);

    const event = await json('node', 'history', 'get', node.name, history[0].uuid);
    assert.deepEqual([event.uuid, event.event], [history[0].uuid, history[0].event]);
  },
};

export const freeMac = (): string =>
  `52:54:${randomUUID().slice(0, 8).match(/../g)?.join(':') ?? ''}`;
