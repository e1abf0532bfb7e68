// A simulated machine: it boots real media and real disk files; a stand-in takes the agent's place.

import assert from 'node:assert/strict';
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { request } from 'undici';
import type { Machine } from '../src/bmc/power-model.ts';
import { ensureLightIso } from '../src/fleet/light-iso.ts';
import { makeSimulatedMachine } from '../src/fleet/simulated-machine.ts';
import { copyWithArchive } from './boot-medium-copy.ts';
import { makeArchive } from './cpio-writer.ts';

const ADDRESS = '127.78.3.1';
const AGENT_PORT = 19_999;
const DISK_BYTES = 16 * 1024 ** 2;
/** xorriso talks on standard error even when all is well. */
const QUIET: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'ignore'] };
const CONFIG = '[DEFAULT]\napi_url = https://127.0.0.1:6386\n';

let directory = '';
let machineCount = 0;
let machine: Machine;
let diskPath = '';
let medium = '';

/** The light base medium with an archive in its reserved region, as the service serves it. */
const makeMedium = async (archive: Buffer): Promise<string> => {
  const light = join(directory, 'light.iso');
  await ensureLightIso(light);
  const path = join(directory, `medium-${machineCount}.iso`);
  await copyWithArchive(light, archive, path);
  return path;
};

const serial = (): Promise<string> => readFile(machine.serialLog, 'utf8');

/** Waits for a condition of the machine, not for a time. */
const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  for (let look = 0; look < 2_000; look += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`did not happen; console:\n${await serial()}`);
};

const ask = async (path: string): Promise<string> => {
  let text = '';
  await until(async () => {
    const reply = await request(`http://${ADDRESS}:${AGENT_PORT}${path}`).catch(() => undefined);
    text = (await reply?.body.text()) ?? '';
    return reply !== undefined;
  });
  return text;
};

const bootFromMedium = async (): Promise<void> => {
  await machine.insertMedia(medium);
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };
  await machine.powerOn();
};

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-sim-'));
  medium = await makeMedium(makeArchive({ 'etc/ironic-python-agent.d/bessemer.conf': CONFIG }));
});

beforeEach(async () => {
  await machine?.close();
  machineCount += 1;
  const own = join(directory, `m${machineCount}`);
  diskPath = join(own, 'disk0.raw');
  machine = await makeSimulatedMachine({
    facts: {
      name: 'm0',
      uuid: '11111111-2222-4333-8444-555555555555',
      serial: 'S0',
      manufacturer: 'Bessemer',
      model: 'Test',
      biosVersion: '1',
      macs: ['52:54:00:00:00:01'],
      cpuCount: 2,
      memoryMiB: 1024,
    },
    directory: own,
    address: ADDRESS,
    agentPort: AGENT_PORT,
    bootMode: 'uefi',
    disks: [
      {
        bus: 'nvme',
        format: 'raw',
        sizeBytes: DISK_BYTES,
        path: diskPath,
        serial: 'LAB0123456789AB',
      },
    ],
    agentProgram: [process.execPath, join(import.meta.dirname, 'stand-in/agent.ts')],
  });
});

after(async () => {
  await machine.close();
  await rm(directory, { recursive: true });
});

test('a one-time boot from a medium starts the agent with the files of the medium', async () => {
  await bootFromMedium();
  const answer: unknown = JSON.parse(await ask('/'));

  assert.equal(machine.isOn(), true);
  assert.equal(machine.bootPlan.override, null);
  assert.deepEqual(answer, {
    config: CONFIG,
    machine: {
      system: {
        uuid: '11111111-2222-4333-8444-555555555555',
        serial: 'S0',
        manufacturer: 'Bessemer',
        product: 'Test',
      },
      bootMode: 'uefi',
      cpu: { count: 2, architecture: 'x86_64' },
      memoryMiB: 1024,
      nics: [{ name: 'sim-nic0', mac: '52:54:00:00:00:01', ipv4: ADDRESS }],
      disks: [
        {
          name: '/dev/sim0',
          path: diskPath,
          sizeBytes: DISK_BYTES,
          model: 'Lab NVMe',
          serial: 'LAB0123456789AB',
          vendor: 'Bessemer',
          wwn: '0x50000123456789ab',
          rotational: false,
          tran: 'nvme',
          logicalSectorBytes: 512,
          supports: ['nvme-format', 'discard'],
        },
      ],
      listen: { host: ADDRESS, port: AGENT_PORT },
      bmcAddress: null,
      bmcInside: null,
    },
  });
});

test('an agent that ends with 0 leaves the machine off and its memory empty', async () => {
  await bootFromMedium();
  await ask('/write');
  await ask('/exit?status=0');
  await until(() => !machine.isOn());

  await assert.rejects(stat(join(directory, `m${machineCount}`, 'ramdisk')), { code: 'ENOENT' });
  assert.match(await serial(), /stand-in agent is up\n(.*\n)*sim-firmware: power off/);
});

test('an agent that ends with 77 restarts the machine, from disk because the override is used up', async () => {
  await bootFromMedium();
  await ask('/exit?status=77');
  await until(async () => (await serial()).includes('no bootable disk'));

  assert.equal(machine.isOn(), true);
});

test('a crashed agent leaves the machine on and hung', async () => {
  await bootFromMedium();
  await ask('/exit?status=3');
  await until(async () => (await serial()).includes('the machine hangs'));

  assert.equal(machine.isOn(), true);
});

test('a power cut ends the agent at once, and power on boots again', async () => {
  await bootFromMedium();
  await ask('/');

  await machine.powerOff();
  const answer = await request(`http://${ADDRESS}:${AGENT_PORT}/`).catch(() => 'nobody');
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };
  await machine.powerOn();

  assert.equal(answer, 'nobody');
  assert.notEqual(await ask('/'), '');
});

test('the power button ends the agent, and the machine goes off with it', async () => {
  await bootFromMedium();
  await ask('/');

  await machine.softOff();
  await until(() => !machine.isOn());

  assert.match(await serial(), /sim-firmware: power off/);
});

test('a medium that is no boot medium is named on the console', async () => {
  await machine.insertMedia(machine.serialLog);
  await writeFile(machine.serialLog, '');
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };

  await machine.powerOn();

  assert.match(await serial(), /cannot boot: the medium is not an ISO image/);
  assert.equal(machine.isOn(), true);
});

test('an archive with a path that leaves the root is not unpacked', async () => {
  medium = await makeMedium(makeArchive({ '../outside': 'x' }));

  await bootFromMedium();

  assert.match(await serial(), /cannot boot: the archive has the path "\.\./);
  await assert.rejects(stat(join(directory, `m${machineCount}`, 'outside')), { code: 'ENOENT' });
});

test('a file before its directory is refused, where a kernel would drop it silently', async () => {
  const whole = makeArchive({ 'opt/agent.conf': 'x' });
  // Without the first entry: a header of 110 bytes and the name `opt`, padded.
  medium = await makeMedium(whole.subarray(116));

  await bootFromMedium();

  assert.match(await serial(), /cannot boot: the archive has opt\/agent.conf before the directory/);
});

const NAME_STYLES = [
  { style: 'Rock Ridge and Joliet', flags: ['-R', '-J'] },
  { style: 'Rock Ridge', flags: ['-R'] },
] as const;

for (const { style, flags } of NAME_STYLES) {
  test(`a start from disk reads the hostname from a config drive with ${style} names`, async () => {
    const tree = join(directory, `drive-${machineCount}`);
    await mkdir(join(tree, 'openstack/latest'), { recursive: true });
    await writeFile(join(tree, 'openstack/latest/meta_data.json'), '{"hostname": "forge"}');
    const drive = join(directory, `drive-${machineCount}.iso`);
    execFileSync(
      'xorriso',
      ['-as', 'mkisofs', '-quiet', ...flags, '-V', 'config-2', '-o', drive, tree],
      QUIET,
    );
    await writePartitioned(await readFile(drive));

    await machine.powerOn();

    assert.match(await serial(), /^sim-os: up from disk, config drive: forge$/m);
  });
}

/** A GPT with one partition at 1 MiB that holds `content`. */
const writePartitioned = async (content: Buffer): Promise<void> => {
  const bytes = Buffer.alloc(DISK_BYTES);
  bytes.writeUInt16LE(0xaa55, 510);
  bytes.write('EFI PART', 512);
  bytes.writeBigUInt64LE(2n, 512 + 72);
  bytes.writeUInt32LE(128, 512 + 80);
  bytes.writeUInt32LE(128, 512 + 84);
  bytes.fill(0x11, 1024, 1056);
  bytes.writeBigUInt64LE(2048n, 1024 + 32);
  bytes.writeBigUInt64LE(BigInt(2048 + content.length / 512 - 1), 1024 + 40);
  content.copy(bytes, 1024 * 1024);
  await writeFile(diskPath, bytes);
};
