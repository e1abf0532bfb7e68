// `openstack baremetal`: allocations, chassis, deploy templates, drivers, conductors, and files of resources.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { waitFor } from '../../harness/wait-for.ts';
import { type Body, uniqueName } from '../api-client.ts';
import { type CliCases, type CliWorld, columnOf, sorted } from '../cli-world.ts';
import { words } from '../command-words.ts';
import { freeMac } from './node-cases.ts';

const SETTLE_MS_MAX = 20_000;

const allocated = ({ read }: CliWorld, ident: string): Promise<Body> =>
  waitFor(
    () => read(`/v1/allocations/${ident}`),
    ({ state }) => state === 'active',
    SETTLE_MS_MAX,
  );

const makeAllocation = async (world: CliWorld, facts: object = {}): Promise<Body> => {
  const kind = uniqueName('class').replaceAll('-', '_');
  await world.makeNode('available', { resource_class: kind });
  const name = uniqueName('allocation');
  const made = await world.make('/v1/allocations', { resource_class: kind, name, ...facts });
  return allocated(world, made.uuid);
};

export const ALLOCATION_CASES: CliCases = {
  'baremetal allocation create': async (world) => {
    const kind = uniqueName('class').replaceAll('-', '_');
    const node = await world.makeNode('available', { resource_class: kind, owner: 'p1' });
    await world.ask('PUT', `/v1/nodes/${node.uuid}/traits`, { traits: ['CUSTOM_GOLD'] });
    const name = uniqueName('allocation');
    await world.json(
      ...words`allocation create --resource-class ${kind} --name ${name} --extra a=b
        --trait CUSTOM_GOLD --candidate-node ${node.name} --owner p1 --wait 30`,
    );

    const seen = await allocated(world, name);
    assert.deepEqual(
      [seen.node_uuid, seen.traits, seen.candidate_nodes, seen.extra, seen.owner],
      [node.uuid, ['CUSTOM_GOLD'], [node.uuid], { a: 'b' }, 'p1'],
    );
  },
  'baremetal allocation list': async (world) => {
    const made = await makeAllocation(world);
    const list = (...args: string[]) => world.json('allocation', 'list', ...args);

    for (const filter of [
      ['--node', made.node_uuid],
      ['--resource-class', made.resource_class, '--state', 'active', '--long'],
    ]) {
      assert.deepEqual(columnOf(await list(...filter), 'UUID'), [made.uuid]);
    }
    assert.ok(columnOf(await list(), 'UUID').includes(made.uuid));
  },
  'baremetal allocation show': async (world) => {
    const made = await makeAllocation(world);

    assert.equal((await world.json('allocation', 'show', made.name)).node_uuid, made.node_uuid);
  },
  'baremetal allocation set': async (world) => {
    const made = await makeAllocation(world);
    const name = uniqueName('renamed');
    await world.run('allocation', 'set', made.uuid, '--name', name, '--extra', 'a=b');

    assert.deepEqual((await world.read(`/v1/allocations/${name}`)).extra, { a: 'b' });
  },
  'baremetal allocation unset': async (world) => {
    const made = await makeAllocation(world, { extra: { a: 'b', c: 'd' } });
    await world.run('allocation', 'unset', made.uuid, '--name', '--extra', 'a');

    const seen = await world.read(`/v1/allocations/${made.uuid}`);
    assert.deepEqual([seen.name, seen.extra], [null, { c: 'd' }]);
  },
  'baremetal allocation delete': async (world) => {
    const made = await makeAllocation(world);
    await world.run('allocation', 'delete', made.name);

    assert.ok(await world.isGone(`/v1/allocations/${made.uuid}`));
    assert.equal((await world.read(`/v1/nodes/${made.node_uuid}`)).instance_uuid, null);
  },
};

export const CHASSIS_CASES: CliCases = {
  'baremetal chassis create': async ({ json, read }) => {
    const uuid = randomUUID();
    await json(...words`chassis create --uuid ${uuid} --description ${'rack é'} --extra a=b`);

    const seen = await read(`/v1/chassis/${uuid}`);
    assert.deepEqual([seen.description, seen.extra], ['rack é', { a: 'b' }]);
  },
  'baremetal chassis list': async ({ json, make }) => {
    const chassis = await make('/v1/chassis', { description: 'listed' });

    assert.ok(columnOf(await json('chassis', 'list'), 'UUID').includes(chassis.uuid));
    const long = await json('chassis', 'list', '--long', '--sort', 'uuid:asc');
    assert.ok(columnOf(long, 'Description').includes('listed'));
  },
  'baremetal chassis show': async ({ json, make }) => {
    const chassis = await make('/v1/chassis', { description: 'shown' });

    assert.equal((await json('chassis', 'show', chassis.uuid)).description, 'shown');
  },
  'baremetal chassis set': async ({ run, read, make }) => {
    const chassis = await make('/v1/chassis', {});
    await run('chassis', 'set', chassis.uuid, '--description', 'said', '--extra', 'a=b');

    const seen = await read(`/v1/chassis/${chassis.uuid}`);
    assert.deepEqual([seen.description, seen.extra], ['said', { a: 'b' }]);
  },
  'baremetal chassis unset': async ({ run, read, make }) => {
    const chassis = await make('/v1/chassis', { description: 'said', extra: { a: 1, b: 2 } });
    await run('chassis', 'unset', chassis.uuid, '--description', '--extra', 'a');

    const seen = await read(`/v1/chassis/${chassis.uuid}`);
    // The original keeps an empty text where nothing is said.
    assert.deepEqual([seen.description ?? '', seen.extra], ['', { b: 2 }]);
  },
  'baremetal chassis delete': async ({ run, isGone, make }) => {
    const chassis = await make('/v1/chassis', {});
    await run('chassis', 'delete', chassis.uuid);

    assert.ok(await isGone(`/v1/chassis/${chassis.uuid}`));
  },
};

const STEPS = [{ interface: 'bios', step: 'factory_reset', args: {}, priority: 50 }] as const;

const templateName = (): string => `CUSTOM_${uniqueName('T').toUpperCase().replaceAll('-', '_')}`;

const makeTemplate = ({ make }: CliWorld, facts: object = {}): Promise<Body> =>
  make('/v1/deploy_templates', { name: templateName(), steps: STEPS, ...facts });

export const TEMPLATE_CASES: CliCases = {
  'baremetal deploy template create': async ({ json, read }) => {
    const name = templateName();
    await json(
      ...words`deploy template create ${name} --steps ${JSON.stringify(STEPS)}
        --extra a=b`,
    );

    const seen = await read(`/v1/deploy_templates/${name}`);
    assert.deepEqual([seen.steps, seen.extra], [STEPS, { a: 'b' }]);
  },
  'baremetal deploy template list': async (world) => {
    const made = await makeTemplate(world);

    const rows = await world.json('deploy', 'template', 'list', '--limit', '0');
    assert.ok(columnOf(rows, 'Name').includes(made.name));
    const long = await world.json('deploy', 'template', 'list', '--long');
    assert.ok(columnOf(long, 'UUID').includes(made.uuid));
  },
  'baremetal deploy template show': async (world) => {
    const made = await makeTemplate(world);

    assert.equal((await world.json('deploy', 'template', 'show', made.name)).uuid, made.uuid);
  },
  'baremetal deploy template set': async (world) => {
    const made = await makeTemplate(world);
    const name = templateName();
    const steps = [{ ...STEPS[0], priority: 60 }];
    await world.run(
      ...words`deploy template set ${made.uuid} --name ${name} --extra a=b
        --steps ${JSON.stringify(steps)}`,
    );

    const seen = await world.read(`/v1/deploy_templates/${name}`);
    assert.deepEqual([seen.steps, seen.extra], [steps, { a: 'b' }]);
  },
  'baremetal deploy template unset': async (world) => {
    const made = await makeTemplate(world, { extra: { a: 1, b: 2 } });
    await world.run('deploy', 'template', 'unset', made.name, '--extra', 'a');

    assert.deepEqual((await world.read(`/v1/deploy_templates/${made.uuid}`)).extra, { b: 2 });
  },
  'baremetal deploy template delete': async (world) => {
    const made = await makeTemplate(world);
    await world.run('deploy', 'template', 'delete', made.name);

    assert.ok(await world.isGone(`/v1/deploy_templates/${made.uuid}`));
  },
};

export const SERVICE_CASES: CliCases = {
  'baremetal driver list': async ({ json }) => {
    const rows = await json('driver', 'list', '--long', '--type', 'dynamic');

    assert.ok(columnOf(rows, 'Supported driver(s)').includes('fake-hardware'));
  },
  'baremetal driver show': async ({ json }) => {
    const shown = await json('driver', 'show', 'fake-hardware');

    assert.deepEqual([shown.name, shown.default_power_interface], ['fake-hardware', 'fake']);
  },
  'baremetal driver property list': async ({ json, read }) => {
    const rows = await json('driver', 'property', 'list', 'redfish');

    const properties = await read('/v1/drivers/redfish/properties');
    assert.deepEqual(sorted(columnOf(rows, 'Property')), sorted(Object.keys(properties)));
  },
  'baremetal driver raid property list': async ({ json, read }) => {
    const rows = await json('driver', 'raid', 'property', 'list', 'fake-hardware');

    const properties = await read('/v1/drivers/fake-hardware/raid/logical_disk_properties');
    assert.ok(rows.length > 0);
    assert.deepEqual(sorted(columnOf(rows, 'Property')), sorted(Object.keys(properties)));
  },
  'baremetal driver passthru list': async ({ json }) => {
    const rows = await json('driver', 'passthru', 'list', 'fake-hardware');

    assert.ok(columnOf(rows, 'Name').includes('echo'));
  },
  'baremetal driver passthru call': async ({ json, refused }) => {
    const call = ['driver', 'passthru', 'call', 'fake-hardware', 'accept'] as const;

    // This client cannot print what a method of a driver returns; here nothing comes back.
    assert.deepEqual(await json(...call, '--arg', 'bar=x', '--http-method', 'POST'), {});
    assert.match(await refused(...call, '--arg', 'foo=x'), /bar/);
  },
  'baremetal conductor list': async ({ json, read }) => {
    const rows = await json('conductor', 'list', '--long');

    const { conductors } = await read('/v1/conductors');
    assert.deepEqual(columnOf(rows, 'Hostname'), columnOf(conductors, 'hostname'));
    assert.equal(rows[0].Alive, true);
  },
  'baremetal conductor show': async ({ json, read }) => {
    const { conductors } = await read('/v1/conductors');
    const shown = await json('conductor', 'show', conductors[0].hostname);

    assert.equal(shown.hostname, conductors[0].hostname);
    assert.match(String(shown.drivers), /fake-hardware/);
  },
  'baremetal create': async ({ run, read, directory }) => {
    const name = uniqueName('from-file');
    const [description, address] = [uniqueName('rack'), freeMac()];
    const group = { name: uniqueName('bond'), ports: [{ address }] };
    const ports = [{ address: freeMac() }];
    const node = { name, driver: 'fake-hardware', portgroups: [group], ports };
    const file = join(directory, `${name}.json`);
    await writeFile(file, JSON.stringify({ chassis: [{ description, nodes: [node] }] }));
    await run('create', file);

    const made = await read(`/v1/nodes/${name}`);
    const all = (await read(`/v1/nodes/${name}/ports`)).ports;
    assert.equal((await read(`/v1/chassis/${made.chassis_uuid}`)).description, description);
    assert.deepEqual(sorted(columnOf(all, 'address')), sorted([address, ports[0]?.address]));
    const { portgroups } = await read(`/v1/nodes/${name}/portgroups`);
    assert.deepEqual(columnOf(portgroups, 'name'), [group.name]);
  },
};
