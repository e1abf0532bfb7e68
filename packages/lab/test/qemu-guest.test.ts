// A real machine that runs guests of a few bytes: what the lab makes of a restart and a power-off that the guest
// itself asks for, and that a one-time boot is used up by the start that obeys it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../src/clock.ts';
import { makeQemuMachine, type QemuMachine } from '../src/qemu/qemu-machine.ts';
import { bootSector } from './guest-code.ts';

let directory = '';
let machine: QemuMachine;

const serial = (): Promise<string> => readFile(machine.serialLog, 'utf8').catch(() => '');

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  for (let look = 0; look < 3_000; look += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`did not happen; console:\n${await serial()}`);
};

const writeDisk = async (sector: Buffer): Promise<void> => {
  const disk = await open(join(directory, 'disk'), 'r+');
  await disk.write(sector, 0, 512, 0);
  await disk.close();
};

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-guest-'));
  await mkdir(join(directory, 'tree'));
  await writeFile(join(directory, 'tree/boot.img'), bootSector('guest on cd\n', 'restart'));
  execFileSync(
    'xorriso',
    [
      '-as',
      'mkisofs',
      '-quiet',
      '-b',
      'boot.img',
      '-no-emul-boot',
      '-boot-load-size',
      '4',
      '-o',
      join(directory, 'guest.iso'),
      join(directory, 'tree'),
    ],
    { stdio: 'ignore' },
  );
  machine = await makeQemuMachine(
    {
      facts: {
        name: 'guest',
        uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeef',
        serial: 'LAB-1',
        manufacturer: 'Bessemer',
        model: 'Lab machine',
        biosVersion: '1',
        macs: ['52:54:00:be:55:02'],
        cpuCount: 1,
        memoryMiB: 64,
      },
      directory: join(directory, 'm'),
      bootMode: 'bios',
      disks: [
        {
          bus: 'sata',
          format: 'raw',
          sizeBytes: 1024 ** 2,
          path: join(directory, 'disk'),
          serial: 'D0',
        },
      ],
      tap: null,
      acceleration: 'tcg',
    },
    systemClock,
  );
});

after(async () => {
  await machine.close();
  await rm(directory, { recursive: true });
});

test('a restart by the guest on the CD starts the disk, whose power-off switches the machine off', async () => {
  await writeDisk(bootSector('guest on disk\n', 'power-off'));
  await machine.insertMedia(join(directory, 'guest.iso'));
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };

  await machine.powerOn();
  await until(async () => (await serial()).includes('powered off by the guest'));

  assert.equal(machine.isOn(), false);
  assert.match(
    await serial(),
    /starting from cdrom\n[^]*guest on cd\n[^]*starting from disk\n[^]*guest on disk\n/,
  );
});

test('a medium that stays in the drive is not started once the override is used up', async () => {
  await writeFile(machine.serialLog, '');

  await machine.powerOn();
  await until(async () => (await serial()).includes('powered off by the guest'));

  assert.doesNotMatch(await serial(), /guest on cd/);
});

test('a guest that stays is on until its power is cut', async () => {
  await writeDisk(bootSector('guest stays\n', 'stay'));
  await machine.powerOn();
  await until(async () => (await serial()).includes('guest stays'));

  const wasOn = machine.isOn();
  await machine.powerOff();

  assert.equal(wasOn, true);
  assert.equal(machine.isOn(), false);
});
