// The boot medium and left-over disks, on a file system that only looks like that of a machine.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '#clock';
import { makeAgentLog } from '../src/agent-log.ts';
import { detachBootMedium } from '../src/boot-medium.ts';
import { readConfiguration } from '../src/configuration.ts';

let root: string;
const log = makeAgentLog(systemClock, () => {});

const place = async (path: string, content: string | Buffer): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
};

const iso = (label: string): Buffer => {
  const bytes = Buffer.alloc(20 * 2_048);
  bytes.write('\u0001CD001\u0001', 16 * 2_048, 'latin1');
  bytes.write(label.padEnd(32), 16 * 2_048 + 40, 'latin1');
  return bytes;
};

const drive = async (name: string, content: Buffer): Promise<void> => {
  await place(`dev/${name}`, content);
  await place(`sys/block/${name}/device/delete`, '');
};

const switchOf = (name: string): Promise<string> =>
  readFile(join(root, `sys/block/${name}/device/delete`), 'utf8');

const detach = () => detachBootMedium({ root, clock: systemClock, log });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-medium-'));
  await place('etc/bessemer-ramdisk', '');
  await place('proc/self/mounts', 'rootfs / rootfs rw 0 0\n');
});
afterEach(() => rm(root, { recursive: true }));

test('the drive with our medium is detached, and no other', async () => {
  await drive('sr0', iso('DEBIAN 13'));
  await drive('sr1', iso('BESSEMER_BOOT'));
  await drive('sr2', Buffer.alloc(0));
  await drive('sda', iso('BESSEMER_BOOT'));

  const detached = await detach();

  assert.deepEqual(detached, ['sr1']);
  assert.deepEqual(await Promise.all(['sr0', 'sr1', 'sr2', 'sda'].map(switchOf)), [
    '',
    '1',
    '',
    '',
  ]);
});

test('a drive that cannot be read or detached stays, and the next one is looked at', async () => {
  await place('sys/block/sr0/device/delete/is-a-directory', '');
  await place('dev/sr0', iso('BESSEMER_BOOT'));
  await mkdir(join(root, 'sys/block/sr1/device'), { recursive: true });
  await drive('sr2', iso('BESSEMER_BOOT'));

  assert.deepEqual(await detach(), ['sr2']);
});

for (const [what, marker, mounts] of [
  ['on a developer’s machine', null, '/dev/sda1 / ext4 rw 0 0\n'],
  ['with a root on a disk', '', '/dev/sda1 / ext4 rw 0 0\n'],
  ['without the marker', null, 'rootfs / rootfs rw 0 0\n'],
] as const) {
  test(`nothing is detached ${what}`, async () => {
    await rm(join(root, 'etc/bessemer-ramdisk'));
    if (marker !== null) await place('etc/bessemer-ramdisk', marker);
    await place('proc/self/mounts', mounts);
    await drive('sr0', iso('BESSEMER_BOOT'));

    assert.deepEqual(await detach(), []);
    assert.equal(await switchOf('sr0'), '');
  });
}

test('T-23: a left-over disk that imitates our medium tells the agent nothing', async () => {
  const conf = '[DEFAULT]\napi_url = https://192.0.2.66\nagent_token = planted\ninsecure = true\n';
  const inside = 'etc/ironic-python-agent.d/bessemer.conf';
  await place(`mnt/config-2/${inside}`, conf);
  await place(`media/ir-vfd-dev/${inside}`, conf);
  await place(`media/BESSEMER_BOOT/${inside}`, conf);
  await place('dev/disk/by-label/config-2', iso('config-2'));
  await place('dev/disk/by-label/ir-vfd-dev', `api_url=https://192.0.2.66\n${conf}`);
  await place('parameters.txt', 'ipa-api-url=https://192.0.2.66\nipa-agent-token=planted\n');
  await place('openstack/latest/meta_data.json', '{"ipa-api-url":"https://192.0.2.66"}');
  await place('proc/cmdline', 'quiet boot_method=vmedia\n');

  const found = await readConfiguration(root);

  assert.deepEqual(found.apiUrls, []);
  assert.deepEqual([found.token, found.isInsecure, found.isOwnService], [null, false, false]);
  assert.deepEqual(found.sources, []);
});
