// `openstack baremetal node` and what is changed in the machine itself.

import assert from 'node:assert/strict';

import { waitFor } from '../../harness/wait-for.ts';
import type { Body, Node } from '../api-client.ts';
import { type CliCases, type CliWorld, columnOf, sorted } from '../cli-world.ts';

const CHANGE_MS_MAX = 20_000;

/** Most of these are answered before they are done. */
const seen = (
  { read }: CliWorld,
  node: Node,
  path: string,
  isSeen: (body: Body) => boolean,
): Promise<Body> => waitFor(() => read(`/v1/nodes/${node.uuid}${path}`), isSeen, CHANGE_MS_MAX);

const powerIs = (world: CliWorld, node: Node, power: string): Promise<Body> =>
  seen(world, node, '', (body) => body.power_state === power && body.reservation === null);

const setPower = async (world: CliWorld, node: Node, target: string): Promise<void> => {
  await world.ask('PUT', `/v1/nodes/${node.uuid}/states/power`, { target });
  await powerIs(world, node, target);
};

export const NODE_HARDWARE_CASES: CliCases = {
  'baremetal node power on': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'power', 'on', node.name, '--power-timeout', '30');

    await powerIs(world, node, 'power on');
  },
  'baremetal node power off': async (world) => {
    const node = await world.makeNode('manageable');
    await setPower(world, node, 'power on');
    await world.run('node', 'power', 'off', node.name, '--soft', '--power-timeout', '30');
    await powerIs(world, node, 'power off');
    await setPower(world, node, 'power on');
    await world.run('node', 'power', 'off', node.uuid);

    await powerIs(world, node, 'power off');
  },
  'baremetal node reboot': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'reboot', node.name);
    await powerIs(world, node, 'power on');
    await world.run('node', 'reboot', node.name, '--soft', '--power-timeout', '30');

    await powerIs(world, node, 'power on');
  },
  'baremetal node boot device set': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'boot', 'device', 'set', node.name, 'pxe', '--persistent');

    const device = await world.read(`/v1/nodes/${node.uuid}/management/boot_device`);
    assert.deepEqual(device, { boot_device: 'pxe', persistent: true });
  },
  'baremetal node boot device show': async ({ json, makeNode, ask }) => {
    const node = await makeNode('manageable');
    const wish = { boot_device: 'bios', persistent: false };
    await ask('PUT', `/v1/nodes/${node.uuid}/management/boot_device`, wish);

    assert.deepEqual(await json('node', 'boot', 'device', 'show', node.name), wish);
    const supported = await json('node', 'boot', 'device', 'show', node.name, '--supported');
    assert.match(String(supported.supported_boot_devices), /pxe/);
  },
  'baremetal node boot mode set': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'boot', 'mode', 'set', node.name, 'bios');
    await seen(world, node, '/states', (states) => states.boot_mode === 'bios');
    await world.run('node', 'boot', 'mode', 'set', node.name, 'uefi');

    await seen(world, node, '/states', (states) => states.boot_mode === 'uefi');
  },
  'baremetal node secure boot on': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'secure', 'boot', 'on', node.name);

    await seen(world, node, '/states', (states) => states.secure_boot === true);
  },
  'baremetal node secure boot off': async (world) => {
    const node = await world.makeNode('manageable');
    await world.ask('PUT', `/v1/nodes/${node.uuid}/states/secure_boot`, { target: true });
    await seen(world, node, '/states', (states) => states.secure_boot === true);
    await world.run('node', 'secure', 'boot', 'off', node.name);

    await seen(world, node, '/states', (states) => states.secure_boot === false);
  },
  'baremetal node console enable': async (world) => {
    const node = await world.makeNode('manageable');
    await world.run('node', 'console', 'enable', node.name);

    await seen(world, node, '', ({ console_enabled: isEnabled }) => isEnabled === true);
  },
  'baremetal node console show': async (world) => {
    const node = await world.makeNode('manageable');
    assert.equal((await world.json('node', 'console', 'show', node.name)).console_enabled, false);
    await world.ask('PUT', `/v1/nodes/${node.uuid}/states/console?enabled=true`);
    await seen(world, node, '', ({ console_enabled: isEnabled }) => isEnabled === true);

    const shown = await world.json('node', 'console', 'show', node.name);
    const { console_info: info } = await world.read(`/v1/nodes/${node.uuid}/states/console`);
    assert.equal(shown.console_enabled, true);
    assert.deepEqual(shown.console_info, info);
  },
  'baremetal node console disable': async (world) => {
    const node = await world.makeNode('manageable');
    await world.ask('PUT', `/v1/nodes/${node.uuid}/states/console?enabled=true`);
    await seen(world, node, '', ({ console_enabled: isEnabled }) => isEnabled === true);
    await world.run('node', 'console', 'disable', node.name);

    await seen(world, node, '', ({ console_enabled: isEnabled }) => isEnabled === false);
  },
  'baremetal node inject nmi': async ({ run, refused, makeNode }) => {
    const node = await makeNode('manageable');
    await run('node', 'inject', 'nmi', node.name);

    // Nothing of a node shows it; an unknown one is at least told from it.
    assert.match(await refused('node', 'inject', 'nmi', 'nobody'), /could not be found/);
  },
  'baremetal node validate': async ({ json, read, makeNode }) => {
    const node = await makeNode('manageable');

    const rows = await json('node', 'validate', node.name);
    const answer = await read(`/v1/nodes/${node.uuid}/validate`);
    assert.deepEqual(sorted(columnOf(rows, 'Interface')), sorted(Object.keys(answer)));
    assert.equal(rows.find((row: Body) => row.Interface === 'power').Result, true);
  },
  'baremetal node passthru list': async ({ json, read, makeNode }) => {
    const node = await makeNode('manageable');

    const rows = await json('node', 'passthru', 'list', node.name);
    const methods = await read(`/v1/nodes/${node.uuid}/vendor_passthru/methods`);
    assert.ok(columnOf(rows, 'Name').includes('first_method'));
    assert.deepEqual(sorted(columnOf(rows, 'Name')), sorted(Object.keys(methods)));
  },
  'baremetal node passthru call': async ({ run, refused, makeNode }) => {
    const node = await makeNode('manageable');
    const call = ['node', 'passthru', 'call', node.name, 'first_method'] as const;

    // This client cannot print what a method returns unless it is an object; here nothing comes back.
    await run(...call, '--arg', 'bar=baz', '--http-method', 'POST');
    assert.match(await refused(...call, '--arg', 'foo=meow'), /bar/);
  },
  'baremetal node bios setting list': async ({ json, read, makeNode }) => {
    const node = await makeNode('manageable');

    const rows = await json('node', 'bios', 'setting', 'list', node.name, '--long');
    const { bios } = await read(`/v1/nodes/${node.uuid}/bios`);
    assert.ok(rows.length > 0);
    assert.deepEqual(columnOf(rows, 'Name'), columnOf(bios, 'name'));
  },
  'baremetal node bios setting show': async ({ json, makeNode }) => {
    const node = await makeNode('manageable');

    const shown = await json('node', 'bios', 'setting', 'show', node.name, 'ProcTurboMode');
    assert.deepEqual([shown.name, shown.value], ['ProcTurboMode', 'Enabled']);
  },
};
