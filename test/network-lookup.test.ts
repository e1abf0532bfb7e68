// The main job by the first-lookup route: machines boot over the network, bring no token, and get it by their first
// lookup, for the key that they prove to hold. On simulated machines behind a DHCP server that is not ours.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import { freePorts } from './harness/free-ports.ts';
import { makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 60_000;
const MARKER = 'left-behind-by-the-last-tenant';

let directory: string;
let service: RunningService;
let lab: Lab;
let raw: TestImage;
let uuid: string;
let netboot: string;

before(async () => {
  directory = await makeDirectory();
  raw = await makeRawImage(directory);
  [netboot = ''] = await freePorts(1);
  lab = await labUp(
    '--kind',
    'simulated',
    '--disk',
    'virtio:256M',
    '--netboot-url',
    `http://${netboot}`,
  );
  const cache = cacheDirectory(process.env);
  service = await startService({
    directory,
    settings: [
      `image.file_directories=${directory}`,
      `netboot.http_listen=${netboot}`,
      'netboot.source_check=lease',
      `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
      `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
      'agent.settle=1',
    ],
  });
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

const machine = () => {
  const [first] = lab.machines;
  assert.ok(first);
  return first;
};

type AuditRow = { readonly event: string; readonly detail: { readonly trust_level?: number } };

const audit = async (): Promise<readonly AuditRow[]> => {
  const answer = await service.call('GET', `/bessemer/nodes/${uuid}/audit`);
  assert.equal(answer.status, 200, answer.text);
  return (answer.body as { readonly audit: readonly AuditRow[] }).audit;
};

test('a machine that boots over the network is inspected by an agent that proved its key', async () => {
  uuid = await makeNode(service, machine(), { boot_interface: 'ipxe' });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'inspect');

  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  const granted = (await audit()).find(({ event }) => event === 'agent.lookup.granted');
  assert.equal(granted?.detail.trust_level, 2);
});

test('it is cleaned, deployed and given back, each boot with a token of its own', async () => {
  await lab.command('plant-marker', machine().name, MARKER);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  const disk = await readFile(machine().disks[0]?.path ?? '');
  assert.equal(disk.includes(MARKER), false);

  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${raw.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': raw.sha256,
    '/instance_info/image_disk_format': 'raw',
  });
  await askFor(service, uuid, 'active', { configdrive: { meta_data: { hostname: 'by-lookup' } } });
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
  assert.match(await readFile(machine().serial_log, 'utf8'), /up from disk.*by-lookup/);

  await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);

  const events = (await audit()).map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'agent.lookup.granted').length, 4);
  assert.equal(events.filter((event) => event === 'agent.bound').length, 4);
  assert.ok(!events.includes('agent.lookup.rival'));
});

test('T-37: nothing is left to boot from afterwards', async () => {
  const serial = await readFile(machine().serial_log, 'utf8');
  assert.match(serial, /starting from the network/);

  const mac = machine().mac.replaceAll(':', '-');
  const answer = await fetch(`http://${netboot}/netboot/by-mac/${mac}`);

  assert.equal(answer.status, 404);
  assert.equal((await showNode(service, uuid)).last_error, null);
});
