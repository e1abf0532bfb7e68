// The real agent in a simulated machine: the two halves of a boot that no service takes part in.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Machine } from '../src/bmc/power-model.ts';
import { systemClock } from '../src/clock.ts';
import { ensureLightIso } from '../src/fleet/light-iso.ts';
import { makeSimulatedMachine } from '../src/fleet/simulated-machine.ts';
import { DEFAULT_AGENT_PROGRAM } from '../src/lab.ts';
import { makeBootArchive } from './boot-archive.ts';
import { copyWithArchive } from './boot-medium-copy.ts';
import { startLookupListener, type LookupListener } from './lookup-listener.ts';

const ADDRESS = '127.78.4.1';
const MAC = '52:54:00:00:00:02';
const LOOKUP_MS_MAX = 60_000;

let directory = '';
let machine: Machine;
let listener: LookupListener;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-agent-'));
  listener = await startLookupListener('127.0.0.1');
  machine = await makeSimulatedMachine({
    facts: {
      name: 'm0',
      uuid: '11111111-2222-4333-8444-555555555556',
      serial: 'S0',
      manufacturer: 'Bessemer',
      model: 'Test',
      biosVersion: '1',
      macs: [MAC],
      cpuCount: 2,
      memoryMiB: 1024,
    },
    directory: join(directory, 'm'),
    address: ADDRESS,
    agentPort: 9999,
    bootMode: 'uefi',
    disks: [
      {
        bus: 'virtio',
        format: 'raw',
        sizeBytes: 16 * 1024 ** 2,
        path: join(directory, 'disk'),
        serial: 'LAB0123456789AC',
      },
    ],
    agentProgram: DEFAULT_AGENT_PROGRAM,
  });
  const light = join(directory, 'light.iso');
  await ensureLightIso(light);
  const card = { mac: MAC, address: ADDRESS, netmask: '255.0.0.0' };
  await copyWithArchive(light, makeBootArchive(listener, card), join(directory, 'medium.iso'));
});

after(async () => {
  await machine.close();
  listener.close();
  await rm(directory, { recursive: true });
});

const consoleText = (): Promise<string> => readFile(machine.serialLog, 'utf8');

test('the agent calls the service that the medium names, with the addresses of the machine', async () => {
  await machine.insertMedia(join(directory, 'medium.iso'));
  machine.bootPlan.override = { source: 'cdrom', isPersistent: false };

  await machine.powerOn();
  const late = Promise.withResolvers<never>();
  const cancel = systemClock.after(LOOKUP_MS_MAX, () => late.reject(new Error('no lookup came')));
  const lookup = await Promise.race([listener.firstLookup, late.promise]).catch(
    async (error: unknown) => {
      throw new Error(`${String(error)}; console:\n${await consoleText()}`, { cause: error });
    },
  );
  cancel();

  assert.equal(lookup.searchParams.get('addresses'), MAC);
  assert.doesNotMatch(await consoleText(), /0123456789012345678901234567890123456789012/);
});

test('the power button ends the agent and with it the machine', async () => {
  await machine.softOff();
  for (let look = 0; look < 2_000 && machine.isOn(); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  assert.equal(machine.isOn(), false, await consoleText());
});
