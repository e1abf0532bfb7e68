// How a disk of a Linux machine can be erased, best first: what its firmware does, what its file system layer
// does, zeros.

import { open, type FileHandle } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import { CommandFailure } from '../command-failure.ts';
import { type DiskWritePermit, requirePermit } from '../may-write-disks.ts';
import { runProgram } from '../run-program.ts';
import type { EraseMethod } from './hardware.ts';
import { overwriteMethod } from './overwrite.ts';
import { readSysfs } from './sysfs.ts';

/** Formatting a large SSD takes seconds to minutes; discarding, too. */
const QUICK_ERASE_MS_MAX = 30 * 60_000;
const ZERO_MS_MAX = 10 * 60_000;

const queueValue = async (disk: InventoryDisk, name: string): Promise<number> =>
  Number(await readSysfs(`/sys/block/${disk.name.slice('/dev/'.length)}/queue/${name}`));

export const linuxEraseMethods = async (disk: InventoryDisk): Promise<readonly EraseMethod[]> => {
  const methods: EraseMethod[] = [];
  if (/^\/dev\/nvme\d+n\d+$/.test(disk.name)) {
    methods.push(programMethod('nvme-format', 'nvme', ['format', '--ses=1', '--force', disk.name]));
  }
  if ((await queueValue(disk, 'discard_max_bytes')) > 0) {
    methods.push(programMethod('discard', 'blkdiscard', ['--force', disk.name]));
  }
  methods.push(overwriteMethod(disk, openBlockDevice));
  return methods;
};

const programMethod = (name: string, program: string, args: readonly string[]): EraseMethod => ({
  name,
  run: async (permit) => {
    requirePermit(permit);
    await runProgram(program, args, { timeoutMs: QUICK_ERASE_MS_MAX });
  },
});

/**
 * Only with a command of the device that makes zeros by definition. A plain discard may leave the old content
 * readable, so zeros of an image could not be left out after it.
 */
export const zeroLinuxDisk = async (
  disk: InventoryDisk,
  permit: DiskWritePermit,
): Promise<boolean> => {
  requirePermit(permit);
  if (!((await queueValue(disk, 'write_zeroes_max_bytes')) > 0)) return false;
  await runProgram('blkdiscard', ['--force', '--zeroout', disk.name], { timeoutMs: ZERO_MS_MAX });
  return true;
};

export const openBlockDevice = async (
  disk: InventoryDisk,
  permit: DiskWritePermit,
): Promise<FileHandle> => {
  requirePermit(permit);
  const mounts = (await readSysfs('/proc/self/mounts')) ?? '';
  const mounted = mounts.split('\n').find((line) => line.startsWith(disk.name));
  if (mounted !== undefined) {
    throw new CommandFailure('ProtectedDeviceError', `${mounted.split(' ')[0]} is mounted`);
  }
  return open(disk.name, 'r+');
};
