// The disks of a Linux machine, as `lsblk` tells them.

import { readdir, realpath } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { runProgram } from '../run-program.ts';
import { readSysfs } from './sysfs.ts';

const COLUMNS = 'NAME,TYPE,SIZE,MODEL,SERIAL,VENDOR,WWN,ROTA,TRAN,RO,RM,LOG-SEC,PHY-SEC,HCTL';
/** Memory, loops and the like look like disks to lsblk. */
const NOT_DISKS = /^(zram|ram|loop|nbd|fd|sr|md|dm-)/;
const BY_PATH = '/dev/disk/by-path';

export const readLinuxDisks = async (): Promise<InventoryDisk[]> => {
  const text = await runProgram('lsblk', ['--bytes', '--json', '--nodeps', '--output', COLUMNS]);
  const disks = parseLsblk(text, await readByPath());
  return Promise.all(disks.map(withSerial));
};

/** Without udev lsblk knows no serial of a virtio disk; the kernel does. */
const withSerial = async (disk: InventoryDisk): Promise<InventoryDisk> => {
  if (disk.serial !== null) return disk;
  const serial = await readSysfs(`/sys/block/${disk.name.slice('/dev/'.length)}/serial`);
  return { ...disk, serial };
};

/** In order of their names, so that the same machine always answers the same. */
export const parseLsblk = (
  text: string,
  byPath: ReadonlyMap<string, string> = new Map(),
): InventoryDisk[] => {
  const parsed: unknown = JSON.parse(text);
  const devices = isJsonObject(parsed) ? parsed['blockdevices'] : [];
  return (Array.isArray(devices) ? devices : [])
    .filter(isJsonObject)
    .filter(isDisk)
    .map((device) => diskOf(device, byPath))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

const isDisk = (device: JsonObject): boolean =>
  device['type'] === 'disk' &&
  Number(device['size']) > 0 &&
  !isTrue(device['ro']) &&
  !isTrue(device['rm']) &&
  typeof device['name'] === 'string' &&
  !NOT_DISKS.test(device['name']);

/** Older versions of lsblk write "1". */
const isTrue = (value: JsonValue | undefined): boolean => value === true || value === '1';

const diskOf = (device: JsonObject, byPath: ReadonlyMap<string, string>): InventoryDisk => {
  const name = `/dev/${textOf(device['name']) ?? ''}`;
  const wwn = textOf(device['wwn']);
  return {
    name,
    model: textOf(device['model']),
    size: Number(device['size']),
    rotational: isTrue(device['rota']),
    wwn,
    serial: textOf(device['serial']),
    vendor: textOf(device['vendor']),
    wwn_with_extension: wwn,
    wwn_vendor_extension: null,
    hctl: textOf(device['hctl']),
    by_path: byPath.get(name) ?? null,
    logical_sectors: Number(device['log-sec']) || 512,
    physical_sectors: Number(device['phy-sec']) || 512,
    tran: textOf(device['tran']),
  };
};

const textOf = (value: JsonValue | undefined): string | null => {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? null : text;
};

const readByPath = async (): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  try {
    for (const name of await readdir(BY_PATH)) {
      const device = await realpath(`${BY_PATH}/${name}`);
      if (!found.has(device)) found.set(device, `${BY_PATH}/${name}`);
    }
  } catch (error) {
    // Without udev there are no such names.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
  return found;
};
