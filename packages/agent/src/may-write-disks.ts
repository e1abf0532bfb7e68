// Who may write to disks. Every path that changes a disk asks for a `DiskWritePermit`, and the only way to get
// one is through this file: from the ramdisk that we build, or with disks that are files of a simulated machine.
// An agent that somebody starts on a laptop gets none.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from './command-failure.ts';
import { isAbsent } from './configuration.ts';

/** Written by the ramdisk builder. */
export const RAMDISK_MARKER = '/etc/bessemer-ramdisk';
const MEMORY_FILE_SYSTEMS = new Set(['rootfs', 'ramfs', 'tmpfs']);

export class DiskWritePermit {
  /** Makes a look-alike object no permit: the type has a private part. */
  readonly #reason: string;

  private constructor(reason: string) {
    this.#reason = reason;
  }

  get reason(): string {
    return this.#reason;
  }

  static forSimulatedDisks(): DiskWritePermit {
    return new DiskWritePermit('disks are files of a simulated machine');
  }

  /** Null unless this process runs from our own ramdisk. */
  static async forRamdisk(): Promise<DiskWritePermit | null> {
    return (await runsFromOwnRamdisk('/'))
      ? new DiskWritePermit('runs from its own ramdisk')
      : null;
  }
}

/** `root` is another than `/` in tests only. */
export const runsFromOwnRamdisk = async (root: string): Promise<boolean> =>
  isOwnRamdisk(
    await textOf(join(root, RAMDISK_MARKER)),
    await textOf(join(root, 'proc/self/mounts')),
  );

/** The marker is there, and what is mounted on `/` (last line wins) lives in memory. */
export const isOwnRamdisk = (marker: string | null, mounts: string | null): boolean => {
  if (marker === null || mounts === null) return false;
  const root = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .findLast(([, place]) => place === '/');
  return root?.[2] !== undefined && MEMORY_FILE_SYSTEMS.has(root[2]);
};

/** For commands: the permit, or the refusal that says what is missing. */
export const requirePermit = (permit: DiskWritePermit | null): DiskWritePermit => {
  // A cast object is no permit either: the private part is missing and reading it throws.
  if (permit instanceof DiskWritePermit && permit.reason !== '') return permit;
  throw new CommandFailure(
    'ProtectedDeviceError',
    `this agent does not run from its own ramdisk (${RAMDISK_MARKER} and a root file system in ` +
      'memory), so it writes to no disk',
    { failureCode: 'image.write' },
  );
};

const textOf = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};
