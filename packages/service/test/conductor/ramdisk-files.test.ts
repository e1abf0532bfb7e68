// Which kernel and initial RAM file system a node may name for a boot over the network.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { ramdiskKernelOf } from '#conductor/boot-ramdisk/ramdisk-iso';
import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { validateNode } from '#conductor/validate-node';
import type { NodeDriver } from '#drivers/driver';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-ramdisk-'));
  await mkdir(join(directory, 'allowed'));
  for (const name of ['allowed/kernel', 'allowed/initramfs', 'secret']) {
    await writeFile(join(directory, name), name);
  }
  await symlink(join(directory, 'secret'), join(directory, 'allowed', 'link'));
});
after(() => rm(directory, { recursive: true }));

const options = () => ({
  ...DEFAULT_CONDUCTOR_OPTIONS,
  ramdiskKernel: join(directory, 'allowed/kernel'),
  ramdiskInitramfs: join(directory, 'allowed/initramfs'),
  isoDirectories: [join(directory, 'allowed')],
  imageNetworks: ['10.20.0.0/16'],
});

const filesOf = (driverInfo: JsonObject) => ramdiskKernelOf({ driverInfo }, options());
const named = (kernel: string, ramdisk = kernel) =>
  filesOf({ deploy_kernel: kernel, deploy_ramdisk: ramdisk });
const failsWith = (code: string) => (error: unknown) =>
  error instanceof Failure && error.code === code;

test('a node that names none boots what the service is configured with', async () => {
  const kernel = { kind: 'file', path: join(directory, 'allowed/kernel') };
  const ramdisk = { kind: 'file', path: join(directory, 'allowed/initramfs') };

  assert.deepEqual(await filesOf({}), { kernel, ramdisk });
  assert.deepEqual(await named(kernel.path, `file://${ramdisk.path}`), { kernel, ramdisk });
});

test('a file outside of the directories is not served, by path or by link', async () => {
  for (const path of ['secret', 'allowed/../secret', 'allowed/link']) {
    await assert.rejects(named(join(directory, path)), failsWith('media.invalid'), path);
  }
});

test('T-42: the text does not tell whether a file outside is there; of one inside it does', async () => {
  const textOf = (path: string): Promise<unknown> =>
    named(join(directory, path)).catch((error: unknown) => (error as Error).message);

  assert.equal(await textOf('secret'), await textOf('nothing'));
  assert.match(String(await textOf('allowed/nothing')), /There is no ramdisk image/);
});

test('a kernel without its ramdisk is refused, and the other way round', async () => {
  await assert.rejects(filesOf({ deploy_kernel: 'x' }), failsWith('node.invalid'));
  await assert.rejects(filesOf({ deploy_ramdisk: 'x' }), failsWith('node.invalid'));
});

test('servers of the site are named as they are, by the rules of images', async () => {
  const url = 'http://10.20.0.9:8080/ipa/vmlinuz';

  assert.deepEqual((await named(url)).kernel, { kind: 'url', url });
  for (const denied of ['http://10.21.0.9/a', 'http://169.254.169.254/a', 'http://127.0.0.1/a']) {
    await assert.rejects(named(denied), failsWith('image.url-denied'), denied);
  }
});

test('T-34: an address that could be more than one in a boot script is refused', async () => {
  for (const tail of ['?a=${x}', '/a b', '/a\nboot', '/a;b', '/%0aboot', '#x', '/a||b', '"']) {
    const url = `http://10.20.0.9/k${tail}`;
    await assert.rejects(named(url), failsWith('node.invalid'), JSON.stringify(tail));
  }
});

const validate = (driverInfo: JsonObject, bootHost: unknown) => {
  const node = { driverInfo, instanceInfo: {} } as unknown as NodeRecord;
  const driver = {
    boot: { route: 'network' },
    deploy: { kind: 'simulated' },
    validateAll: () => ({ boot: { result: true } }),
  } as unknown as NodeDriver;
  const parts = { options: options(), bootHost } as unknown as ConductorParts;
  return validateNode(parts, node, driver)['boot'];
};

test('GET validate tells what a boot over the network lacks', () => {
  assert.deepEqual(validate({}, {}), { result: true });
  assert.match(validate({}, undefined)?.reason ?? '', /http_listen/);
  assert.match(validate({ deploy_kernel: 'x' }, {})?.reason ?? '', /deploy_ramdisk/);
  assert.match(validate({ kernel_append_params: 'a;b' }, {})?.reason ?? '', /kernel_append_params/);
});
