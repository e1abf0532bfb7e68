// What a lab consists of, as it is kept in `lab.json` of its directory: so that a lab can be started again, and
// cleared away, by a process that did not make it.

import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '@bessemer/protocol/json';
import type { FirmwareMode, MachineFacts } from '#bmc/power-model';
import type { NetworkLoader } from './qemu/command-line.ts';
import { diskSerial, type DiskSpec, type DiskWish } from './lab-disk.ts';
import { LabFailure } from './lab-failure.ts';

export type LabKind = 'qemu' | 'simulated';
export type BmcKind = 'redfish' | 'ipmi' | 'both';

export type MachineSpec = {
  readonly facts: MachineFacts;
  readonly directory: string;
  readonly bootMode: FirmwareMode;
  readonly disks: readonly DiskSpec[];
  /** Where the machine's own operating system or ramdisk answers. */
  readonly address: string;
  /** Tap of an emulated machine. */
  readonly tap: string | null;
  /** `systemPort`: where ipmi_sim serves the machine's own system interface; machines that it is the BMC of. */
  readonly bmc: { readonly host: string; readonly port: number; readonly systemPort?: number };
};

export type LabSpec = {
  readonly version: 1;
  readonly name: string;
  readonly kind: LabKind;
  /** Missing: redfish. */
  readonly bmcKind?: BmcKind;
  readonly directory: string;
  readonly acceleration: 'tcg' | 'kvm';
  /** File with the authority of image servers; null: BMCs do not verify them. */
  readonly mediaCaFile: string | null;
  /** Base of the boot listener that simulated machines boot from; missing or null: their network leads nowhere. */
  readonly netbootUrl?: string | null;
  /** Of emulated machines; missing: the card. */
  readonly networkLoader?: NetworkLoader;
  readonly machines: readonly MachineSpec[];
};

export const labFiles = (directory: string) => ({
  spec: join(directory, 'lab.json'),
  ca: join(directory, 'bmc-ca.crt'),
  control: join(directory, 'control.sock'),
  daemonPid: join(directory, 'daemon.pid'),
  daemonLog: join(directory, 'daemon.log'),
});

/** Files in a machine's directory. */
export const machineFiles = (directory: string) => ({
  bmcAccounts: join(directory, 'bmc-accounts.json'),
  bmcIdentity: join(directory, 'bmc-identity.json'),
  /** What the BMC was asked, and with which status it answered. */
  bmcLog: join(directory, 'bmc.log'),
  media: join(directory, 'media'),
  ipmiUsers: join(directory, 'ipmi-users.json'),
  /** Where the system interface of an emulated machine meets its BMC. */
  kcs: join(directory, 'kcs.sock'),
});

export type MachinePlace = {
  readonly address: string;
  readonly tap: string | null;
  readonly bmc: MachineSpec['bmc'];
};

export type MachineWish = {
  readonly bootMode: FirmwareMode;
  readonly memoryMiB: number;
  readonly cpuCount: number;
  readonly disks: readonly DiskWish[];
};

export const makeMachineSpec = (
  lab: Pick<LabSpec, 'name' | 'directory' | 'kind'>,
  index: number,
  wish: MachineWish,
  place: MachinePlace,
): MachineSpec => {
  const name = `${lab.name}-${index}`;
  const directory = join(lab.directory, 'machines', name);
  const uuid = randomUUID();
  return {
    facts: {
      name,
      uuid,
      serial: `LAB-${uuid.slice(0, 8).toUpperCase()}`,
      manufacturer: 'Bessemer',
      model: lab.kind === 'qemu' ? 'Lab machine (QEMU)' : 'Lab machine (simulated)',
      biosVersion: lab.kind === 'qemu' ? 'edk2-2022.11' : 'sim-1.0',
      macs: [macOf(uuid)],
      cpuCount: wish.cpuCount,
      memoryMiB: wish.memoryMiB,
    },
    directory,
    bootMode: wish.bootMode,
    disks: wish.disks.map((disk, diskIndex) => ({
      ...disk,
      path: join(directory, `disk${diskIndex}.${disk.format}`),
      serial: diskSerial(uuid, diskIndex),
    })),
    ...place,
  };
};

/** In QEMU's own range, so that it cannot be a real card's. */
const macOf = (uuid: string): string => {
  const digest = createHash('sha256').update(uuid).digest('hex');
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`;
};

export const writeLabSpec = async (spec: LabSpec): Promise<void> => {
  const path = labFiles(spec.directory).spec;
  await writeFile(`${path}.new`, `${JSON.stringify(spec, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
};

/** undefined: there is no lab in that directory. */
export const readLabSpec = async (directory: string): Promise<LabSpec | undefined> => {
  const path = labFiles(directory).spec;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const content: unknown = JSON.parse(text);
  if (!isJsonObject(content) || content['version'] !== 1) {
    throw new LabFailure(`${path} is not a lab of this version: remove ${directory}`);
  }
  // Only writeLabSpec writes this file.
  return content as unknown as LabSpec;
};
