// QEMU itself, stopped before the first instruction: the wiring of power, media and control socket, without
// an operating system.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { MachineFacts } from '../src/bmc/power-model.ts';
import { systemClock } from '../src/clock.ts';
import { findTracked } from '../src/host/tracked-process.ts';
import { parseDisk } from '../src/lab-disk.ts';
import { makeQemuMachine, type QemuMachine } from '../src/qemu/qemu-machine.ts';

const FACTS: MachineFacts = {
  name: 'paused',
  uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
  serial: 'LAB, 1',
  manufacturer: 'Bessemer',
  model: 'Lab machine',
  biosVersion: '1',
  macs: ['52:54:00:be:55:01'],
  cpuCount: 1,
  memoryMiB: 64,
};

let directory = '';
let machine: QemuMachine;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-qemu-'));
  await writeFile(join(directory, 'medium.iso'), Buffer.alloc(64 * 1024));
  machine = await makeQemuMachine(
    {
      facts: FACTS,
      directory: join(directory, 'm'),
      bootMode: 'uefi',
      disks: [
        { ...parseDisk('virtio:16M'), path: join(directory, 'd0'), serial: 'D0' },
        { ...parseDisk('nvme:16M'), path: join(directory, 'd1'), serial: 'D1' },
        { ...parseDisk('sata:16M:qcow2'), path: join(directory, 'd2'), serial: 'D2' },
      ],
      tap: null,
      acceleration: 'tcg',
      isPaused: true,
    },
    systemClock,
  );
});

after(async () => {
  await machine.close();
  await rm(directory, { recursive: true });
});

const mediumOf = async (): Promise<string | undefined> => {
  const devices = await machine.qmp()?.execute('query-block');
  assert.ok(Array.isArray(devices));
  const text = devices
    .map((device) => JSON.stringify(device))
    .find((each) => each.includes('cdrom0'));
  return /"file":\s*"([^"]+)"/.exec(text ?? '')?.[1];
};

test('power on starts one process and power off ends it', async () => {
  await machine.powerOn();
  const wasOn = machine.isOn();
  const tracked = findTracked(join(directory, 'm', 'qemu.pid'));
  await machine.powerOff();

  assert.equal(wasOn, true);
  assert.notEqual(tracked, undefined);
  assert.equal(machine.isOn(), false);
  assert.equal(findTracked(join(directory, 'm', 'qemu.pid')), undefined);
  assert.ok(!(await readdir(join(directory, 'm'))).includes('qmp.sock'));
});

test('a medium goes into the drive and out of it while the machine runs', async () => {
  await machine.powerOn();

  await machine.insertMedia(join(directory, 'medium.iso'));
  const inserted = await mediumOf();
  await machine.ejectMedia();
  const ejected = await mediumOf();
  await machine.powerOff();

  assert.equal(inserted, join(directory, 'medium.iso'));
  assert.equal(ejected, undefined);
});

test('a medium that was inserted while the machine was off is there at the next start', async () => {
  await machine.insertMedia(join(directory, 'medium.iso'));

  await machine.powerOn();
  const inserted = await mediumOf();
  await machine.powerOff();
  await machine.ejectMedia();

  assert.equal(inserted, join(directory, 'medium.iso'));
});

test('a one-time boot from the CD is first in the order of one start only', async () => {
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };
  const order = (): Promise<unknown> | undefined =>
    machine
      .qmp()
      ?.execute('qom-get', { path: '/machine/peripheral/cdrom0', property: 'bootindex' });

  await machine.powerOn();
  const first = await order();
  await machine.reset();
  const second = await order();
  await machine.powerOff();

  assert.equal(first, 0);
  assert.equal(second, -1);
});

test('a machine whose process dies is off', async () => {
  await machine.powerOn();
  const tracked = findTracked(join(directory, 'm', 'qemu.pid'));
  assert.ok(tracked !== undefined);

  process.kill(tracked.pid, 'SIGKILL');
  for (let look = 0; look < 1000 && machine.isOn(); look += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await machine
      .qmp()
      ?.execute('query-status')
      .catch(() => undefined);
  }

  assert.equal(machine.isOn(), false);
});
