// What bad input and a bad world get: a clear stored cause, the right failed state, and a way back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { hostileQcow2, makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState, why } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 60_000;
const MIB = 1024 * 1024;

let directory: string;
let service: RunningService;
let lab: Lab;
let raw: TestImage;
let uuid: string;
let images: Server;

/** Serves every image cut short after this many bytes, while promising all of it. */
const TRUNCATED_BYTES = 3 * MIB;

const imageUrl = (name: string): string =>
  `http://127.0.0.1:${(images.address() as AddressInfo).port}/${name}`;

before(async () => {
  directory = await makeDirectory();
  raw = await makeRawImage(directory);
  images = createServer((_request, response) => {
    const bytes = readFileSync(raw.path);
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, TRUNCATED_BYTES), () => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(images, 'listening');
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:64M');
  service = await startService({
    directory,
    settings: [
      `image.file_directories=${directory}`,
      'image.allowed_networks=127.0.0.0/8',
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
      // A machine that boots each few seconds asks more often than any real one.
      ...['source_minute', 'source_burst', 'node_minute'].map(
        (of) => `agent.lookups_per_${of}=1000`,
      ),
      'conductor.deploy_callback_timeout=20',
    ],
  });
  const [machine] = lab.machines;
  assert.ok(machine);
  uuid = await makeNode(service, machine);
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
});

after(async () => {
  await service?.stop();
  await lab?.down();
  images?.close();
  await removeDirectory(directory);
});

type Wish = { readonly [path: string]: unknown };

const wish = (image: TestImage, more: Wish = {}): Wish => ({
  '/instance_info/image_source': `file://${image.path}`,
  '/instance_info/image_os_hash_algo': 'sha256',
  '/instance_info/image_os_hash_value': image.sha256,
  '/instance_info/image_disk_format': 'raw',
  '/instance_info/root_device': {},
  ...more,
});

/** Tries a deployment that must fail, returns the stored code, and walks the documented way back. */
const failDeployment = async (
  values: Wish,
  mend: () => Promise<void> = async () => {},
): Promise<string | undefined> => {
  await patchNode(service, uuid, values);
  await askFor(service, uuid, 'active');
  const node = await waitForState(service, uuid, ['deploy failed'], STEP_MS_MAX);
  await mend();
  assert.ok(node.last_error, 'a failed node says why');
  const report = await why(service, uuid);
  assert.ok(report.remedy, 'and what to do');
  await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  return report.failure?.code;
};

test('a wrong checksum fails the deployment and names itself', async () => {
  const values = wish({ ...raw, sha256: '0'.repeat(64) });

  const code = await failDeployment(values);

  assert.equal(code, 'image.checksum-mismatch');
});

test('an md5 checksum is refused before anything is written', async () => {
  await patchNode(service, uuid, {
    ...wish(raw),
    '/instance_info/image_os_hash_algo': 'md5',
    '/instance_info/image_os_hash_value': '0'.repeat(32),
  });

  const body = { target: 'active' };
  const answer = await service.call('PUT', `/v1/nodes/${uuid}/states/provision`, body);

  assert.equal(answer.status, 400);
  assert.match(answer.text, /md5/i);
  assert.equal((await showNode(service, uuid)).provision_state, 'available');
});

test('an image larger than the disk is refused by its size', async () => {
  const path = join(directory, 'large.raw');
  execFileSync('truncate', ['-s', '96M', path]);
  const digest = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);

  const code = await failDeployment(wish({ path, sha256: digest }));

  assert.equal(code, 'image.too-large');
});

test('a download that ends early is not taken for an image', async () => {
  const values = wish(raw, { '/instance_info/image_source': imageUrl('short.raw') });

  const code = await failDeployment(values);

  assert.ok(code === 'image.download' || code === 'image.checksum-mismatch', code);
});

test('a qcow2 with a backing file is refused by name of the rule', async () => {
  const image = await hostileQcow2(directory);

  const code = await failDeployment(wish(image, { '/instance_info/image_disk_format': 'qcow2' }));

  assert.equal(code, 'image.format');
});

test('a corrupt qcow2 is refused', async () => {
  const path = join(directory, 'corrupt.qcow2');
  const bytes = Buffer.alloc(MIB, 0xff);
  bytes.write('QFI\xfb', 'latin1');
  await writeFile(path, bytes);
  const digest = execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);

  const values = wish({ path, sha256: digest }, { '/instance_info/image_disk_format': 'qcow2' });
  const code = await failDeployment(values);

  assert.equal(code, 'image.format');
});

test('hints that no disk matches are told as such', async () => {
  const values = wish(raw, { '/instance_info/root_device': { serial: 'no-such-disk' } });

  const code = await failDeployment(values);

  assert.equal(code, 'disk.no-match');
});

test('a config drive over its limit is refused and the node stays usable', async () => {
  const tooLarge = gzipSync(Buffer.alloc(65 * MIB)).toString('base64');
  await patchNode(service, uuid, wish(raw));

  const body = { target: 'active', configdrive: tooLarge };
  const answer = await service.call('PUT', `/v1/nodes/${uuid}/states/provision`, body);
  const isRefused = answer.status === 400;
  if (!isRefused) await waitForState(service, uuid, ['deploy failed'], STEP_MS_MAX);

  const text = isRefused ? answer.text : ((await showNode(service, uuid)).last_error ?? '');
  assert.match(text, /config drive|configdrive/i);
  if (!isRefused) await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
});

const HEARTBEAT = { callback_url: 'https://127.0.0.1:9999', agent_version: '1.0.0' };

for (const [what, token] of [
  ['without a token', {}],
  ['with a wrong token', { agent_token: 'x'.repeat(43) }],
] as const) {
  test(`a heartbeat ${what} is 400 and changes nothing`, async () => {
    const seen = await showNode(service, uuid);

    const status = await service.heartbeat(uuid, { ...HEARTBEAT, ...token });

    assert.equal(status, 400);
    assert.deepEqual(await showNode(service, uuid), seen);
  });
}

test('an agent that never calls is waited for until the deadline and then named', async () => {
  const [machine] = lab.machines;
  assert.ok(machine);

  // The BMC says that the medium is in, and the machine sees none: it boots from its empty disk.
  await lab.command('fault', machine.name, 'media-lost', 'on');
  const code = await failDeployment(wish(raw), async () => {
    await lab.command('fault', machine.name, 'media-lost', 'off');
  });

  assert.equal(code, 'agent.not-called');
});

test('an unreachable BMC leaves the node where it was, with the reason', async () => {
  const driverInfo = { ...lab.machines[0]?.driver_info, redfish_address: 'https://127.0.0.1:1' };
  const made = await service.call('POST', '/v1/nodes', {
    driver: 'redfish',
    driver_info: driverInfo,
  });
  const other = (made.body as { readonly uuid: string }).uuid;

  await askFor(service, other, 'manage');
  const node = await waitUntilStable(other);

  assert.equal(node.provision_state, 'enroll');
  assert.equal((await why(service, other)).failure?.code, 'bmc.unreachable');
});

test('a wrong BMC password is named, and does not lock the account', async () => {
  const [machine] = lab.machines;
  const driverInfo = { ...machine?.driver_info, redfish_password: 'not-the-password' };
  const made = await service.call('POST', '/v1/nodes', {
    driver: 'redfish',
    driver_info: driverInfo,
  });
  const other = (made.body as { readonly uuid: string }).uuid;

  await askFor(service, other, 'manage');
  await waitUntilStable(other);
  const failure = (await why(service, other)).failure;
  const before = await showNode(service, uuid);
  await service.call('PUT', `/v1/nodes/${uuid}/states/power`, { target: 'power off' });
  const after = await waitForPower(uuid);

  assert.equal(failure?.code, 'bmc.credentials');
  assert.doesNotMatch(failure.text, /not-the-password/);
  assert.equal(before.provision_state, 'available');
  assert.equal(after.last_error, null);
});

const LOOK_EACH_MS = 100;

const waitUntilStable = async (node: string) => {
  const untilMs = performance.now() + STEP_MS_MAX;
  for (;;) {
    const view = await showNode(service, node);
    if (view.target_provision_state === null) return view;
    assert.ok(performance.now() < untilMs, `still ${view.provision_state}`);
    await pause(LOOK_EACH_MS);
  }
};

const waitForPower = async (node: string) => {
  const untilMs = performance.now() + STEP_MS_MAX;
  for (;;) {
    const view = await showNode(service, node);
    if (view.target_power_state === null) return view;
    assert.ok(performance.now() < untilMs, 'the power request never ended');
    await pause(LOOK_EACH_MS);
  }
};
