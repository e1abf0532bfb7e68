// `openstack baremetal node` and the verbs of a machine's life, each through to its end.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Node } from '../api-client.ts';
import type { CliCases, CliWorld } from '../cli-world.ts';
import { words } from '../command-words.ts';

const CLEAN_STEPS = '[{"interface": "deploy", "step": "erase_devices"}]';
/** Longer than the test: whoever waits is waiting when it is looked at. */
const NEVER_SECONDS = 600;

const provision = async (world: CliWorld, node: Node, body: object, rest: string) => {
  const { status } = await world.ask('PUT', `/v1/nodes/${node.uuid}/states/provision`, body);
  assert.equal(status, 202);
  return world.settle(node, rest);
};

export const NODE_STATE_CASES: CliCases = {
  'baremetal node manage': async ({ run, settle, makeNode }) => {
    const node = await makeNode();
    await run('node', 'manage', node.name);

    assert.equal((await settle(node, 'manageable')).power_state, 'power off');
  },
  'baremetal node provide': async ({ run, settle, makeNode }) => {
    const node = await makeNode('manageable');
    await run('node', 'provide', node.name);

    await settle(node, 'available');
  },
  'baremetal node deploy': async ({ run, settle, makeNode, directory }) => {
    const drive = join(directory, 'config-drive');
    await mkdir(join(drive, 'openstack', 'latest'), { recursive: true });
    await writeFile(join(drive, 'openstack', 'latest', 'meta_data.json'), '{"hostname": "h"}');
    const node = await makeNode('available');
    const steps = '[{"interface": "raid", "step": "apply_configuration", "priority": 90,';
    const disks =
      '"args": {"raid_config": {"logical_disks": [{"size_gb": 9, "raid_level": "0"}]}}}]';
    await run(
      ...words`node deploy ${node.name} --config-drive ${drive}
        --deploy-steps ${`${steps} ${disks}`}`,
    );

    const seen = await settle(node, 'active');
    assert.equal(seen.raid_config.logical_disks.length, 1);
    assert.equal(seen.power_state, 'power on');
  },
  'baremetal node rebuild': async ({ run, settle, makeNode }) => {
    const node = await makeNode('active');
    const drive = '{"meta_data": {"hostname": "again"}}';
    await run('node', 'rebuild', node.name, '--config-drive', drive);

    await settle(node, 'active');
  },
  'baremetal node undeploy': async ({ run, settle, makeNode }) => {
    const node = await makeNode('active');
    await run('node', 'undeploy', node.name);

    assert.deepEqual((await settle(node, 'available')).instance_info, {});
  },
  'baremetal node inspect': async ({ run, settle, makeNode }) => {
    const node = await makeNode('manageable');
    await run('node', 'inspect', node.name);

    const { inspection_finished_at: end } = await settle(node, 'manageable');
    assert.match(String(end), /^\d{4}-/);
  },
  'baremetal node clean': async ({ run, settle, makeNode, ask, read }) => {
    const node = await makeNode('manageable');
    const raid = { logical_disks: [{ size_gb: 100, raid_level: '1' }] };
    await ask('PUT', `/v1/nodes/${node.uuid}/states/raid`, raid);
    const steps = '[{"interface": "raid", "step": "create_configuration"}]';
    await run('node', 'clean', node.name, '--clean-steps', CLEAN_STEPS);
    await settle(node, 'manageable');
    await run('node', 'clean', node.name, '--clean-steps', steps);

    await settle(node, 'manageable');
    const { raid_config: config } = await read(`/v1/nodes/${node.uuid}`);
    assert.equal(config.logical_disks[0].raid_level, '1');
  },
  'baremetal node adopt': async ({ run, settle, makeNode }) => {
    const image = { image_source: 'http://images.invalid/a', image_checksum: 'a'.repeat(64) };
    const node = await makeNode('manageable', { instance_info: image });
    await run('node', 'adopt', node.name);

    await settle(node, 'active');
  },
  'baremetal node abort': async (world) => {
    const { run, settle, makeNode, ask } = world;
    const node = await makeNode('manageable', {
      driver_info: { fake_callback_delay: NEVER_SECONDS },
    });
    await ask('PUT', `/v1/nodes/${node.uuid}/states/provision`, { target: 'inspect' });
    await settle(node, 'inspect wait');
    await run('node', 'abort', node.name);

    assert.match((await settle(node, 'inspect failed')).last_error, /abort/i);
  },
  'baremetal node rescue': async ({ run, settle, makeNode }) => {
    const node = await makeNode('active');
    await run('node', 'rescue', node.name, '--rescue-password', 'pw12345678');

    await settle(node, 'rescue');
  },
  'baremetal node unrescue': async (world) => {
    const node = await world.makeNode('active');
    const rescue = { target: 'rescue', rescue_password: 'pw12345678' };
    await provision(world, node, rescue, 'rescue');
    await world.run('node', 'unrescue', node.name);

    await world.settle(node, 'active');
  },
};
