// The real ramdisk on an emulated UEFI machine, started from virtual media: kernel, network from the medium's
// network data, and the agent calling the address, by the authority, that the medium names.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cacheDirectory, RAMDISK_ISO } from '@bessemer/protocol/paths';
import { systemClock } from '../../src/clock.ts';
import { HOST_ADDRESS, NETMASK, claimTap, releaseTaps } from '../../src/host/network.ts';
import { makeQemuMachine } from '../../src/qemu/qemu-machine.ts';
import { makeBootArchive } from '../boot-archive.ts';
import { copyWithArchive } from '../boot-medium-copy.ts';
import { startLookupListener } from '../lookup-listener.ts';

const ISO = join(cacheDirectory(process.env), RAMDISK_ISO);
const MAC = '52:54:00:be:55:77';
/** Four times what it takes on an idle host with two cores. */
const LOOKUP_MS_MAX = 160_000;

const CANNOT = (() => {
  if (process.getuid?.() !== 0 || !existsSync('/dev/net/tun')) return 'needs root and /dev/net/tun';
  return existsSync(ISO) ? false : 'the ramdisk is not built: ./bessemer ramdisk build';
})();

const undo: (() => unknown)[] = [];

after(async () => {
  for (const work of undo.toReversed()) await work();
});

test(
  'the ramdisk comes up from the medium and its agent looks itself up',
  { skip: CANNOT },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bessemer-ramdisk-'));
    undo.push(() => rm(directory, { recursive: true }));
    const tap = await claimTap();
    undo.push(() => releaseTaps([tap.name]));
    const listener = await startLookupListener(HOST_ADDRESS);
    undo.push(listener.close);
    const medium = join(directory, 'medium.iso');
    const card = { mac: MAC, address: tap.address, netmask: NETMASK };
    await copyWithArchive(ISO, makeBootArchive(listener, card), medium);
    const machine = await makeQemuMachine(
      {
        facts: {
          name: 'ramdisk',
          uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeee77',
          serial: 'LAB-77',
          manufacturer: 'Bessemer',
          model: 'Lab machine',
          biosVersion: '1',
          macs: [MAC],
          cpuCount: 2,
          memoryMiB: 1024,
        },
        directory: join(directory, 'm'),
        bootMode: 'uefi',
        disks: [],
        tap: tap.name,
        acceleration: 'tcg',
      },
      systemClock,
    );
    undo.push(() => machine.close());
    await machine.insertMedia(medium);
    machine.bootPlan.override = { source: 'cdrom', isPersistent: false };

    await machine.powerOn();
    const late = Promise.withResolvers<never>();
    const cancel = systemClock.after(LOOKUP_MS_MAX, () => late.reject(new Error('no lookup came')));
    const lookup = await Promise.race([listener.firstLookup, late.promise]).catch(
      async (error: unknown) => {
        const console = await readFile(machine.serialLog, 'utf8');
        throw new Error(`${String(error)}; console:\n${console.slice(-4000)}`, { cause: error });
      },
    );
    cancel();

    assert.match(lookup.searchParams.get('addresses') ?? '', new RegExp(MAC));
  },
);
