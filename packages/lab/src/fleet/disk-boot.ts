// Starting a simulated machine from disk. Nothing of the image runs; what matters is whether a boot loader
// would be found, and what the config drive would tell the system. Both are said on the console.

import { open, type FileHandle } from 'node:fs/promises';
import { isJsonObject } from '@bessemer/protocol/json';
import type { DiskSpec } from '../lab-disk.ts';
import { readIsoFile, readIsoLabel } from './iso-image.ts';
import { readPartitions } from './partition-table.ts';

const CONFIG_DRIVE_LABEL = 'config-2';
const META_DATA_PATH = '/openstack/latest/meta_data.json';
const META_DATA_BYTES_MAX = 1024 ** 2;

/** The line for the console. */
export const bootFromDisk = async (disks: readonly DiskSpec[]): Promise<string> => {
  for (const disk of disks) {
    const file = await open(disk.path, 'r');
    try {
      const partitions = await readPartitions(file);
      if (partitions === undefined) continue;
      for (const { offsetBytes } of partitions) {
        const name = await readHostname(file, offsetBytes);
        if (name !== undefined) return `sim-os: up from disk, config drive: ${name}`;
      }
      return 'sim-os: up from disk, no config drive';
    } finally {
      await file.close();
    }
  }
  return 'sim-firmware: no bootable disk';
};

/** undefined: the partition is no config drive. */
const readHostname = async (file: FileHandle, offsetBytes: number): Promise<string | undefined> => {
  const place = { file, offsetBytes };
  if ((await readIsoLabel(place))?.toLowerCase() !== CONFIG_DRIVE_LABEL) return undefined;
  const content = await readIsoFile(place, META_DATA_PATH, META_DATA_BYTES_MAX);
  if (content === undefined) return '(without meta_data.json)';
  const metaData: unknown = JSON.parse(content.toString('utf8'));
  const name = isJsonObject(metaData) ? (metaData['hostname'] ?? metaData['name']) : undefined;
  return typeof name === 'string' ? name : '(without a hostname)';
};
