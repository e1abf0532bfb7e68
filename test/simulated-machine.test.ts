// The main job on simulated machines: the real service, the real agent as a process, disks that are files,
// power and media through a Redfish BMC.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { asQcow2, compressed, makeRawImage, type TestImage } from './harness/images.ts';
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

before(async () => {
  directory = await makeDirectory();
  raw = await makeRawImage(directory);
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:256M');
  service = await startService({
    directory,
    settings: [
      `image.file_directories=${directory}`,
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
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

const deploy = async (
  image: TestImage,
  format: string,
  more: { readonly deploy_steps?: readonly object[] } = {},
): Promise<void> => {
  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${image.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
    '/instance_info/image_disk_format': format,
  });
  await askFor(service, uuid, 'active', {
    configdrive: { meta_data: { hostname: 'first-host' }, user_data: '#cloud-config\n{}\n' },
    ...more,
  });
  if (more.deploy_steps !== undefined) await endHold('deploy hold');
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
};

const HOLD = { interface: 'deploy', step: 'hold' };

const endHold = async (held: string): Promise<void> => {
  await waitForState(service, uuid, [held], STEP_MS_MAX);
  await askFor(service, uuid, 'unhold');
};

const giveBack = async (): Promise<void> => {
  await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
};

test('a machine is enrolled once its BMC proved who it is', async () => {
  uuid = await makeNode(service, machine());
  await askFor(service, uuid, 'manage');

  const node = await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  assert.equal(node.power_state, 'power off');
});

test('inspection stores what the machine has and sets its properties', async () => {
  await askFor(service, uuid, 'inspect');
  const node = await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  const stored = await service.call('GET', `/v1/nodes/${uuid}/inventory`);
  const { inventory } = stored.body as {
    readonly inventory: { readonly interfaces: readonly { readonly mac_address: string }[] };
  };
  assert.deepEqual(
    inventory.interfaces.map((card) => card.mac_address),
    [machine().mac],
  );
  assert.equal(Number(node.properties['memory_mb']), 1024);
});

test('cleaning removes what was on the disk and records how', async () => {
  await lab.command('plant-marker', machine().name, MARKER);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);

  const disk = await readFile(machine().disks[0]?.path ?? '');
  const records = await service.call('GET', `/bessemer/nodes/${uuid}/erasures`);

  assert.equal(disk.includes(MARKER), false);
  const { erasures } = records.body as {
    readonly erasures: readonly { readonly disk: string; readonly summary: string }[];
  };
  assert.deepEqual(
    erasures.map(({ disk: name }) => name),
    ['/dev/sim0'],
  );
  assert.match(erasures[0]?.summary ?? '', /read back/);
});

test('a deployed machine boots from its disk and finds the config drive', async () => {
  await deploy(raw, 'raw');

  const serial = await readFile(machine().serial_log, 'utf8');

  assert.match(serial, /up from disk.*first-host/);
});

test('a machine that was given back holds nothing of its tenant and is available again', async () => {
  await giveBack();

  const disk = await readFile(machine().disks[0]?.path ?? '');
  const node = await showNode(service, uuid);

  assert.equal(disk.includes('first-host'), false);
  assert.equal(node.power_state, 'power off');
});

for (const kind of ['gz', 'zst'] as const) {
  test(`an image compressed as ${kind} is written as it was before compression`, async () => {
    const image = await compressed(raw, kind);

    await deploy(image, 'raw');

    const [disk, wanted] = [
      await readFile(machine().disks[0]?.path ?? ''),
      await readFile(raw.path),
    ];
    assert.ok(disk.subarray(1 << 20, 20 << 20).equals(wanted.subarray(1 << 20, 20 << 20)));
    await giveBack();
  });
}

test('a qcow2 image is written as the disk that it describes', async () => {
  const image = await asQcow2(raw);

  await deploy(image, 'qcow2');

  const [disk, wanted] = [await readFile(machine().disks[0]?.path ?? ''), await readFile(raw.path)];
  assert.ok(disk.subarray(1 << 20, 20 << 20).equals(wanted.subarray(1 << 20, 20 << 20)));
  await giveBack();
});

test('a deployment does the steps that were asked for, and holds in the middle of them', async () => {
  const erase = { interface: 'deploy', step: 'erase_devices_metadata', args: {}, priority: 90 };

  await deploy(raw, 'raw', { deploy_steps: [{ ...HOLD, args: {}, priority: 50 }, erase] });

  const { body } = await service.call('GET', `/bessemer/nodes/${uuid}/journal?limit=1000`);
  const { entries } = body as {
    readonly entries: readonly { readonly step: string; readonly event: string }[];
  };
  const ended = entries.filter(({ event }) => event === 'ended').map(({ step }) => step);
  const last = ended.slice(ended.lastIndexOf('get_deploy_steps'));
  assert.deepEqual(last.slice(0, 5), [
    'get_deploy_steps',
    'erase_devices_metadata',
    'write_image',
    'prepare_instance_boot',
    'hold',
  ]);
});

test('a machine that is serviced gets its instance back', async () => {
  await askFor(service, uuid, 'service', { service_steps: [HOLD] });
  await endHold('service hold');

  const node = await waitForState(service, uuid, ['active'], STEP_MS_MAX);

  assert.equal(node.power_state, 'power on');
  assert.equal(node.last_error, null);
  await giveBack();
});
