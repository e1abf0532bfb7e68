// The description of a simulated machine (`machine.json`), checked once.

import { readFile } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { BootMode } from './hardware.ts';

export type SimulatedDisk = {
  readonly name: string;
  /** The file that is the disk. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly model: string | null;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly wwn: string | null;
  readonly rotational: boolean;
  readonly tran: string | null;
  readonly logicalSectorBytes: number;
  /** Erase methods that the disk claims to know. */
  readonly supports: readonly string[];
  /** Claims to have erased and did not: for tests of the read-back. */
  readonly lies: boolean;
};

export type SimulatedMachine = {
  readonly system: {
    readonly uuid: string;
    readonly serial: string;
    readonly manufacturer: string;
    readonly product: string;
  };
  readonly bootMode: BootMode;
  readonly cpu: { readonly count: number; readonly architecture: string };
  readonly memoryMiB: number;
  readonly nics: readonly {
    readonly name: string;
    readonly mac: string;
    readonly ipv4: string | null;
  }[];
  readonly disks: readonly SimulatedDisk[];
  readonly listen: { readonly host: string; readonly port: number };
  readonly bmcAddress: string | null;
  /** Port of the lab that is the machine's way to its BMC; null: it has none. */
  readonly bmcInside: { readonly host: string; readonly port: number } | null;
};

export const readSimulatedMachine = async (path: string): Promise<SimulatedMachine> => {
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!isJsonObject(value)) throw new Error(`${path} is not a JSON object`);
  const system = objectAt(value, 'system');
  const cpu = objectAt(value, 'cpu');
  const listen = objectAt(value, 'listen');
  return {
    system: {
      uuid: textAt(system, 'uuid'),
      serial: textAt(system, 'serial'),
      manufacturer: textAt(system, 'manufacturer'),
      product: textAt(system, 'product'),
    },
    bootMode: value['bootMode'] === 'bios' ? 'bios' : 'uefi',
    cpu: { count: numberAt(cpu, 'count'), architecture: textAt(cpu, 'architecture') },
    memoryMiB: numberAt(value, 'memoryMiB'),
    nics: listAt(value, 'nics').map((nic) => ({
      name: textAt(nic, 'name'),
      mac: textAt(nic, 'mac').toLowerCase(),
      ipv4: textOrNull(nic['ipv4']),
    })),
    disks: listAt(value, 'disks').map(diskOf),
    listen: { host: textAt(listen, 'host'), port: numberAt(listen, 'port') },
    bmcAddress: textOrNull(value['bmcAddress']),
    bmcInside: placeOrNull(value['bmcInside']),
  };
};

const placeOrNull = (value: JsonValue | undefined): SimulatedMachine['bmcInside'] =>
  isJsonObject(value) ? { host: textAt(value, 'host'), port: numberAt(value, 'port') } : null;

const diskOf = (disk: JsonObject): SimulatedDisk => ({
  name: textAt(disk, 'name'),
  path: textAt(disk, 'path'),
  sizeBytes: numberAt(disk, 'sizeBytes'),
  model: textOrNull(disk['model']),
  serial: textOrNull(disk['serial']),
  vendor: textOrNull(disk['vendor']),
  wwn: textOrNull(disk['wwn']),
  rotational: disk['rotational'] === true,
  tran: textOrNull(disk['tran']),
  logicalSectorBytes: disk['logicalSectorBytes'] === 4096 ? 4096 : 512,
  supports: Array.isArray(disk['supports'])
    ? disk['supports'].filter((name) => typeof name === 'string')
    : [],
  lies: disk['lies'] === true,
});

const objectAt = (value: JsonObject, key: string): JsonObject => {
  const found = value[key];
  if (!isJsonObject(found)) throw new Error(`machine.json: "${key}" must be an object`);
  return found;
};

const listAt = (value: JsonObject, key: string): JsonObject[] => {
  const found = value[key];
  if (!Array.isArray(found)) throw new Error(`machine.json: "${key}" must be a list`);
  return found.filter(isJsonObject);
};

const textAt = (value: JsonObject, key: string): string => {
  const found = value[key];
  if (typeof found !== 'string') throw new Error(`machine.json: "${key}" must be a text`);
  return found;
};

const numberAt = (value: JsonObject, key: string): number => {
  const found = value[key];
  if (typeof found !== 'number') throw new Error(`machine.json: "${key}" must be a number`);
  return found;
};

const textOrNull = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
