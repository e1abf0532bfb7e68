// test_api_discovery, test_nodes, test_nodestates.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { INTERFACE_KINDS } from '@bessemer/protocol/node/record';

import { waitFor } from '../../harness/wait-for.ts';
import { type Body, uniqueName } from '../api-client.ts';
import { freeMac } from '../cli/node-cases.ts';
import { type Gists, type Patch, type Tempest, uuidsOf } from './tempest-world.ts';

const CHANGE_MS_MAX = 20_000;

const nodesOf = async ({ get }: Tempest, query: string, version?: string) =>
  uuidsOf((await get(`/v1/nodes?${query}`, version === undefined ? {} : { version })).nodes);

const replace = (path: string, value: unknown): Patch => [{ op: 'replace', path, value }];

const add = (path: string, value: unknown): Patch => [{ op: 'add', path, value }];

export const NODE_GISTS: Gists = {
  'test_api_discovery: the root lists v1, and v1 its resources': async ({ get }) => {
    const root = await get('/');
    const v1 = await get('/v1');

    assert.equal(root.default_version.id, 'v1');
    assert.deepEqual(
      root.versions.map(({ id }: Body) => id),
      ['v1'],
    );
    for (const key of ['nodes', 'chassis', 'ports', 'links']) assert.ok(v1[key].length > 0, key);
    assert.equal(v1.media_types.base, 'application/json');
  },
  'test_nodes: made, shown, listed, changed, deleted': async (world) => {
    const { get, post, patch, remove, refused } = world;
    const uuid = randomUUID();
    const facts = { properties: { cpu_arch: 'x86_64', cpus: '8' }, driver: 'fake-hardware' };
    const made = await post('/v1/nodes', { ...facts, uuid });
    assert.equal(made.uuid, uuid);
    assert.deepEqual((await get(`/v1/nodes/${uuid}`)).properties, facts.properties);
    assert.ok((await nodesOf(world, '')).includes(uuid));
    const [only] = (await get('/v1/nodes?fields=uuid,driver')).nodes;
    assert.deepEqual(Object.keys(only).sort(), ['driver', 'links', 'uuid']);
    const changed = await patch(`/v1/nodes/${uuid}`, replace('/properties/cpus', '4'));
    assert.equal(changed.properties.cpus, '4');
    await remove(`/v1/nodes/${uuid}`);
    assert.match(await refused(404, 'GET', `/v1/nodes/${uuid}`), /could not be found/);
    assert.equal((await nodesOf(world, '')).includes(uuid), false);
  },
  'test_nodes: of an instance, found by it and by the filter': async (world) => {
    const node = await world.makeNode();
    const instance = randomUUID();
    await world.patch(`/v1/nodes/${node.uuid}`, add('/instance_uuid', instance));

    assert.deepEqual(await nodesOf(world, `instance_uuid=${instance}`), [node.uuid]);
    assert.ok((await nodesOf(world, 'associated=true')).includes(node.uuid));
    assert.equal((await nodesOf(world, 'associated=false')).includes(node.uuid), false);
  },
  'test_nodes: ports of a node, validation, boot device, console': async (world) => {
    const node = await world.makeNode('manageable');
    const path = `/v1/nodes/${node.uuid}`;
    const port = await world.post('/v1/ports', { node_uuid: node.uuid, address: freeMac() });
    assert.deepEqual(uuidsOf((await world.get(`${path}/ports`)).ports), [port.uuid]);
    const checked = await world.get(`${path}/validate`);
    for (const key of ['boot', 'console', 'deploy', 'inspect', 'management', 'power', 'raid']) {
      assert.equal(typeof checked[key].result, 'boolean', key);
    }
    const device = `${path}/management/boot_device`;
    for (const wished of (await world.get(`${device}/supported`)).supported_boot_devices) {
      await world.put(device, { boot_device: wished, persistent: false });
      assert.equal((await world.get(device)).boot_device, wished);
    }
    for (const enabled of [true, false]) {
      await world.put(`${path}/states/console?enabled=${enabled}`, {});
      await waitFor(
        () => world.get(`${path}/states/console`),
        ({ console_enabled: isEnabled }: Body) => isEnabled === enabled,
        CHANGE_MS_MAX,
      );
    }
  },
  'test_nodes: a name that ends in .json, cut off up to 1.90 and kept from 1.91 on': async (
    world,
  ) => {
    const name = uniqueName('suffix');
    const plain = await world.makeNode('enroll', { name });
    const suffixed = await world.makeNode('enroll', { name: `${name}.json` });

    const at = async (version: string): Promise<string> =>
      (await world.get(`/v1/nodes/${name}.json`, { version })).uuid;
    assert.equal(await at('1.91'), suffixed.uuid);
    assert.equal(await at('1.90'), plain.uuid);
    await world.remove(`/v1/nodes/${plain.uuid}`);
    // Only what is not found without the ending is looked for with it.
    assert.equal(await at('1.90'), suffixed.uuid);
    await world.remove(`/v1/nodes/${suffixed.uuid}`);
    await world.refused(404, 'GET', `/v1/nodes/${name}.json`, { version: '1.91' });
  },
  'test_nodes: resource_class takes 80 characters and no 81st, and filters': async (world) => {
    const longest = uniqueName('r').padEnd(80, 'c');
    const node = await world.makeNode('enroll', { resource_class: longest });
    const old = { version: '1.20' } as const;

    assert.deepEqual(await nodesOf(world, `resource_class=${longest}`), [node.uuid]);
    const body = { driver: 'fake-hardware', resource_class: `${longest}c` };
    await world.refused(400, 'POST', '/v1/nodes', { body });
    await world.refused(400, 'PATCH', `/v1/nodes/${node.uuid}`, {
      body: replace('/resource_class', `${longest}c`),
    });
    assert.equal('resource_class' in (await world.get(`/v1/nodes/${node.uuid}`, old)), false);
    await world.refused(406, 'GET', `/v1/nodes?resource_class=${longest}`, old);
    await world.refused(406, 'PATCH', `/v1/nodes/${node.uuid}`, {
      ...old,
      body: replace('/resource_class', 'x'),
    });
  },
  'test_nodes: VIFs on ports and port groups; twice, nowhere, of nobody': async (world) => {
    const node = await world.makeNode();
    const path = `/v1/nodes/${node.uuid}/vifs`;
    const [first, second] = [randomUUID(), randomUUID()];
    const attach = (id: string) => world.status('POST', path, { body: { id } });
    await world.refused(400, 'POST', path, { body: { id: first } });
    const address = freeMac();
    const group = await world.post('/v1/portgroups', { node_uuid: node.uuid, address });
    const port = { node_uuid: node.uuid, address: freeMac() };
    await world.post('/v1/ports', { ...port, portgroup_uuid: group.uuid });

    assert.equal(await attach(first), 204);
    await world.refused(409, 'POST', path, { body: { id: first } });
    await world.refused(400, 'POST', path, { body: { id: second } });
    await world.post('/v1/ports', { ...port, address: freeMac() });
    assert.equal(await attach(second), 204);
    assert.deepEqual(
      (await world.get(path)).vifs.map(({ id }: Body) => id).sort(),
      [first, second].sort(),
    );
    await world.remove(`${path}/${first}`);
    await world.remove(`${path}/${second}`);
    await world.refused(400, 'DELETE', `${path}/${second}`);
    const nobody = `/v1/nodes/${randomUUID()}/vifs`;
    await world.refused(404, 'POST', nobody, { body: { id: first } });
  },
  'test_nodes: each hardware interface set and reset': async (world) => {
    const node = await world.makeNode();
    const path = `/v1/nodes/${node.uuid}`;
    const driver = await world.get('/v1/drivers/fake-hardware');
    for (const kind of INTERFACE_KINDS) {
      const field = `${kind}_interface`;
      const fallback = (await world.get(path))[field];
      const names: readonly string[] = driver[`enabled_${field}s`];
      const other = names.find((name) => name !== fallback) ?? fallback;
      assert.equal((await world.patch(path, replace(`/${field}`, other)))[field], other);
      const reset = await world.patch(path, [{ op: 'remove', path: `/${field}` }]);
      assert.equal(reset[field], driver[`default_${field}`], field);
      const body = replace(`/${field}`, 'no-such-interface');
      await world.refused(400, 'PATCH', path, { body });
    }
    await world.patch(path, replace('/raid_interface', 'no-raid'));
    const same = replace('/driver', 'fake-hardware');
    const again = await world.patch(`${path}?reset_interfaces=true`, same);
    assert.equal(again.raid_interface, driver.default_raid_interface);
    const body = replace('/extra', {});
    await world.refused(400, 'PATCH', `${path}?reset_interfaces=true`, { body });
    await world.refused(406, 'PATCH', `${path}?reset_interfaces=true`, {
      body: same,
      version: '1.44',
    });
  },
  'test_nodes: traits, fifty of them, none twice, none wrong': async (world) => {
    const { uuid } = await world.makeNode();
    const path = `/v1/nodes/${uuid}/traits`;
    const trait = (index: number): string => `CUSTOM_T${String(index).padStart(2, '0')}`;
    const fifty = Array.from({ length: 50 }, (_none, index) => trait(index));
    const traits = async () => (await world.get(path)).traits;

    await world.put(path, { traits: fifty });
    assert.deepEqual((await traits()).toSorted(), fifty);
    await world.refused(400, 'PUT', path, { body: { traits: [...fifty, trait(50)] } });
    await world.refused(400, 'PUT', `${path}/${trait(50)}`, { body: {} });
    assert.equal((await traits()).length, 50);
    await world.put(path, { traits: [trait(0), trait(0)] });
    assert.deepEqual(await traits(), [trait(0)]);
    await world.put(`${path}/${trait(0)}`, {});
    assert.deepEqual(await traits(), [trait(0)]);
    const longest = 'CUSTOM_'.padEnd(255, 'A');
    await world.put(`${path}/${longest}`, {});
    await world.refused(400, 'PUT', `${path}/${longest}A`, { body: {} });
    await world.refused(400, 'PUT', `${path}/not-a-trait`, { body: {} });
    await world.refused(404, 'DELETE', `${path}/CUSTOM_UNKNOWN`);
    const body = add('/traits', ['CUSTOM_X']);
    await world.refused(400, 'PATCH', `/v1/nodes/${uuid}`, { body });
    await world.remove(path);
    assert.deepEqual(await traits(), []);
  },
  'test_nodes: faults are filtered by, from 1.42 on': async (world) => {
    const node = await world.makeNode();

    assert.equal((await nodesOf(world, 'fault=power failure')).includes(node.uuid), false);
    await world.refused(400, 'GET', '/v1/nodes?fault=no-such-fault');
    await world.refused(406, 'GET', '/v1/nodes?fault=power failure', { version: '1.41' });
  },
  'test_nodes: a protected node is neither deleted nor taken away': async (world) => {
    const node = await world.makeNode('active');
    const path = `/v1/nodes/${node.uuid}`;
    await world.patch(path, [...add('/protected', true), ...add('/protected_reason', 'mine')]);

    for (const target of ['deleted', 'rebuild']) {
      await world.refused(403, 'PUT', `${path}/states/provision`, { body: { target } });
    }
    await world.refused(403, 'DELETE', path);
    const open = await world.patch(path, replace('/protected', 'False'));
    assert.deepEqual([open.protected, open.protected_reason], [false, null]);
    const hidden = await world.get(path, { version: '1.47' });
    assert.equal('protected' in hidden, false);
    const body = replace('/protected', true);
    await world.refused(406, 'PATCH', path, { body, version: '1.47' });
    const enrolled = await world.makeNode();
    const status = await world.status('PATCH', `/v1/nodes/${enrolled.uuid}`, { body });
    assert.ok(status === 400 || status === 409, String(status));
  },
  'test_nodes: its conductor is shown and filtered by, from 1.49 on': async (world) => {
    const node = await world.makeNode();
    const path = `/v1/nodes/${node.uuid}`;
    const { conductor } = await world.get(path);
    const [{ hostname }] = (await world.get('/v1/conductors')).conductors;
    const old = { version: '1.48' } as const;

    assert.equal(conductor, hostname);
    assert.ok((await nodesOf(world, `conductor=${hostname}`)).includes(node.uuid));
    assert.deepEqual(await nodesOf(world, 'conductor=nobody'), []);
    assert.equal('conductor' in (await world.get(path, old)), false);
    await world.refused(406, 'GET', `/v1/nodes?conductor=${hostname}`, old);
    await world.refused(406, 'GET', '/v1/nodes?fields=conductor', old);
  },
  'test_nodes: a description of 4096 characters, from 1.51 on': async (world) => {
    const description = uniqueName('said').padEnd(4_096, 'x');
    const node = await world.makeNode('enroll', { description });
    const path = `/v1/nodes/${node.uuid}`;
    const word = description.slice(0, 13);

    assert.equal((await world.get(path)).description, description);
    assert.deepEqual(await nodesOf(world, `description_contains=${word}`), [node.uuid]);
    const body = replace('/description', `${description}x`);
    await world.refused(400, 'PATCH', path, { body });
    assert.equal('description' in (await world.get(path, { version: '1.50' })), false);
  },
  'test_nodestates: the states of a node, and power on and off': async (world) => {
    const node = await world.makeNode('manageable');
    const path = `/v1/nodes/${node.uuid}/states`;
    const keys = [
      'console_enabled',
      'last_error',
      'power_state',
      'provision_state',
      'provision_updated_at',
      'target_power_state',
      'target_provision_state',
    ];
    const states = await world.get(path, { version: '1.1' });
    for (const key of keys) assert.ok(key in states, key);
    for (const target of ['power on', 'power off', 'rebooting']) {
      await world.put(`${path}/power`, { target });
      const wanted = target === 'rebooting' ? 'power on' : target;
      await waitFor(
        () => world.get(path),
        (seen: Body) => seen.power_state === wanted && seen.target_power_state === null,
        CHANGE_MS_MAX,
      );
      await world.settle(node, 'manageable');
    }
  },
  'test_nodestates: targets and the name of the first states by version': async (world) => {
    const first: { readonly [version: string]: readonly [string, string | null] } = {
      '1.1': ['available', null],
      '1.2': ['available', 'available'],
      '1.4': ['available', 'available'],
      '1.6': ['available', 'available'],
      '1.11': ['enroll', 'enroll'],
    };
    for (const [version, [stored, shown]] of Object.entries(first)) {
      const made = await world.post('/v1/nodes', { driver: 'fake-hardware' }, { version });
      const path = `/v1/nodes/${made.uuid}`;
      assert.equal(made.provision_state, shown, version);
      assert.equal((await world.get(path)).provision_state, stored, version);
      if (stored !== 'available') continue;
      // `manage` came with 1.4, `inspect` with 1.6.
      const status = await world.status('PUT', `${path}/states/provision`, {
        version,
        body: { target: 'manage' },
      });
      assert.equal(status, Number(version.slice(2)) < 4 ? 406 : 202, version);
    }
  },
  'test_nodestates: RAID is wished for from 1.12 on': async (world) => {
    const node = await world.makeNode('manageable');
    const path = `/v1/nodes/${node.uuid}/states/raid`;
    const body = { logical_disks: [{ size_gb: 100, raid_level: '1' }] };
    await world.put(path, body, { version: '1.12' });

    assert.deepEqual((await world.get(`/v1/nodes/${node.uuid}`)).target_raid_config, body);
    await world.refused(406, 'PUT', path, { body, version: '1.11' });
    await world.refused(400, 'PUT', path, { body: { logical_disks: [{ size_gb: 1 }] } });
  },
};
