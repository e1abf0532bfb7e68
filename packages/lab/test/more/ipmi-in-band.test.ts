// A guest of QEMU and the BMC that it sees from inside: what its root sets there is what the network accepts. The real
// ramdisk boots, with a few lines in the place of the agent, so this takes a minute.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheDirectory, RAMDISK_ISO } from '@bessemer/protocol/paths';
import { pause, systemClock } from '../../src/clock.ts';
import { copyWithArchive } from '../boot-medium-copy.ts';
import { makeArchive } from '../cpio-writer.ts';
import { createQemuIpmiLab, openStage, startIpmiLab } from '../ipmi-lab-stage.ts';

const ISO = join(cacheDirectory(process.env), RAMDISK_ISO);
/** Four times what it takes on an idle host with two cores. */
const GUEST_MS_MAX = 160_000;
const LOOK_MS = 100;
const NEW_PASSWORD = 'set-from-inside';

const CANNOT = (() => {
  if (!existsSync('/usr/bin/ipmi_sim')) return 'needs ipmi_sim (Debian package openipmi)';
  return existsSync(ISO) ? false : 'the ramdisk is not built: ./bessemer ramdisk build';
})();

/** Runs in the place of the agent; ends with 0, by which the ramdisk switches the machine off. */
const GUEST = `
import { execFileSync } from 'node:child_process';
const ipmitool = (...args) => execFileSync('ipmitool', args, { encoding: 'utf8' });
console.log(ipmitool('mc', 'info'));
ipmitool('user', 'set', 'password', '2', '${NEW_PASSWORD}');
console.log('guest: done');
`;

test(
  'what root of the guest sets at its BMC is what the network accepts',
  { skip: CANNOT },
  async (context) => {
    const stage = await openStage(context);
    const spec = await createQemuIpmiLab(stage.directory, 1_024);
    const { machine, ipmitool, ipmitoolAs } = await startIpmiLab(stage, spec, '3');
    const medium = join(stage.directory, 'medium.iso');
    await copyWithArchive(ISO, makeArchive({ 'agent/start.mjs': GUEST }), medium);
    await machine.machine.insertMedia(medium);

    await ipmitool('chassis', 'bootdev', 'cdrom');
    await ipmitool('chassis', 'power', 'on');
    const untilMs = systemClock.monotonicMs() + GUEST_MS_MAX;
    while (machine.machine.isOn() && systemClock.monotonicMs() < untilMs) {
      await pause(systemClock, LOOK_MS);
    }

    const console = await readFile(machine.machine.serialLog, 'utf8');
    assert.match(console, /IPMI Version +: 2\.0[^]*guest: done/, console.slice(-4_000));
    assert.match(await ipmitoolAs(NEW_PASSWORD, 'chassis', 'power', 'status'), /Power is off/);
    await assert.rejects(ipmitool('chassis', 'power', 'status'));
  },
);
