// Makes a lab that does not run yet: names, addresses, taps, certificates, passwords.

import { mkdir, readdir, rm } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { LIGHT_RAMDISK_ISO } from '@bessemer/protocol/paths';
import { ensureLightIso } from '#fleet/light-iso';
import { ensureLightKernel } from '#fleet/light-kernel';
import { ensureBmcAccounts } from './bmc-accounts.ts';
import { makeBmcIdentities } from './bmc-identity.ts';
import type { Clock } from './clock.ts';
import { freePorts } from './free-ports.ts';
import { claimTap, releaseTaps } from './host/network.ts';
import { LabFailure } from './lab-failure.ts';
import { machineFiles, makeMachineSpec, writeLabSpec } from './lab-spec.ts';
import type { BmcKind, LabKind, LabSpec, MachinePlace, MachineWish } from './lab-spec.ts';
import type { NetworkLoader } from './qemu/command-line.ts';

export type LabWish = {
  readonly name: string;
  readonly kind: LabKind;
  readonly bmcKind?: BmcKind;
  readonly directory: string;
  readonly acceleration: 'tcg' | 'kvm';
  readonly mediaCaFile: string | null;
  readonly netbootUrl?: string | null;
  readonly networkLoader?: NetworkLoader;
  readonly machineCount: number;
  readonly machine: MachineWish;
  readonly cacheDirectory: string;
};

const NAME_PATTERN = /^[a-z][a-z0-9-]{0,30}$/;
const SIMULATED_COUNT_MAX = 5_000;
/** One bridge and one tap each; the memory of a host ends long before. */
const QEMU_COUNT_MAX = 50;
/** BMCs of simulated machines; that it is taken shows that an address belongs to another lab. */
const BMC_PORT = 8443;
const MACHINES_PER_BLOCK = 250;

export const createLab = async (wish: LabWish, clock: Clock): Promise<LabSpec> => {
  checkWish(wish);
  await mkdir(wish.directory, { recursive: true, mode: 0o700 });
  if ((await readdir(wish.directory)).length > 0) {
    throw new LabFailure(`${wish.directory} is not empty: choose another --dir`);
  }
  const places: MachinePlace[] = [];
  try {
    await (wish.kind === 'qemu' ? claimTaps(wish, places) : claimAddresses(wish, places));
    const spec: LabSpec = {
      version: 1,
      name: wish.name,
      kind: wish.kind,
      bmcKind: wish.bmcKind ?? 'redfish',
      directory: wish.directory,
      acceleration: wish.acceleration,
      mediaCaFile: wish.mediaCaFile,
      netbootUrl: wish.netbootUrl ?? null,
      networkLoader: wish.networkLoader ?? 'card',
      machines: places.map((place, index) => makeMachineSpec(wish, index, wish.machine, place)),
    };
    // First of all, so that `lab down` can clear away whatever follows.
    await writeLabSpec(spec);
    await makeBmcIdentities(spec, clock);
    for (const machine of spec.machines) {
      ensureBmcAccounts(machineFiles(machine.directory).bmcAccounts, wish.bmcKind);
    }
    if (wish.kind === 'simulated') {
      await ensureLightIso(join(wish.cacheDirectory, LIGHT_RAMDISK_ISO));
      await ensureLightKernel(wish.cacheDirectory);
    }
    return spec;
  } catch (error) {
    await releaseTaps(places.flatMap((place) => place.tap ?? []));
    // It was empty: all in it is ours.
    await rm(wish.directory, { recursive: true, force: true });
    throw error;
  }
};

const checkWish = (wish: LabWish): void => {
  if (!NAME_PATTERN.test(wish.name)) {
    throw new LabFailure(`--name ${wish.name}: lower-case letters, digits and dashes, at most 31`);
  }
  if (wish.bmcKind === 'both' && wish.kind === 'qemu') {
    throw new LabFailure(
      '--bmc both is for simulated machines: no emulated one shares its users with Redfish',
    );
  }
  const countMax = wish.kind === 'qemu' ? QEMU_COUNT_MAX : SIMULATED_COUNT_MAX;
  if (!Number.isInteger(wish.machineCount) || wish.machineCount < 1) {
    throw new LabFailure('--machines must be a number from 1');
  }
  if (wish.machineCount > countMax) {
    throw new LabFailure(`--machines: at most ${countMax} of the kind ${wish.kind}`);
  }
};

/** Fills in `places` one by one, so that what was claimed can be given back when a later one fails. */
const claimTaps = async (wish: LabWish, places: MachinePlace[]): Promise<void> => {
  for (let index = 0; index < wish.machineCount; index += 1) {
    const tap = await claimTap();
    places.push({ address: tap.address, tap: tap.name, bmc: await claimBmcPlace(wish.bmcKind) });
  }
};

const claimBmcPlace = async (kind: BmcKind = 'redfish'): Promise<MachinePlace['bmc']> => {
  const host = '127.0.0.1';
  const [port = 0, systemPort = 0] = await freePorts(2, host);
  return kind === 'redfish' ? { host, port } : { host, port, systemPort };
};

const tryUdpPort = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, host, () => socket.close(resolve));
  });

/** Blocks of the loopback network, from a random place: several labs live side by side. */
const claimAddresses = async (wish: LabWish, places: MachinePlace[]): Promise<void> => {
  const blockCount = Math.ceil(wish.machineCount / MACHINES_PER_BLOCK);
  const attemptCountMax = 50;
  for (let attempt = 0; attempt < attemptCountMax; attempt += 1) {
    const firstBlock = randomInt(1, 255 - blockCount);
    const blocks = Array.from({ length: blockCount }, (_none, index) => firstBlock + index);
    const areFree = await Promise.all(
      blocks.map((block) => isPortFree(`127.77.${block}.1`, wish.bmcKind)),
    );
    if (!areFree.every(Boolean)) continue;
    for (let index = 0; index < wish.machineCount; index += 1) {
      const block = firstBlock + Math.floor(index / MACHINES_PER_BLOCK);
      const address = `127.77.${block}.${(index % MACHINES_PER_BLOCK) + 1}`;
      places.push({ address, tap: null, bmc: { host: address, port: BMC_PORT } });
    }
    return;
  }
  throw new LabFailure('no free loopback addresses: too many labs are up');
};

const isPortFree = async (host: string, kind: BmcKind = 'redfish'): Promise<boolean> => {
  try {
    if (kind !== 'redfish') await tryUdpPort(host, BMC_PORT);
    if (kind !== 'ipmi') await tryPort(host, BMC_PORT);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
};

const tryPort = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
