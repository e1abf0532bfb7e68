// The base medium of simulated machines: an ISO with nothing but the region that the service fills. A simulated
// machine has no kernel to load, so 75 MiB per boot would be carried for nothing.

import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  RAMDISK_ISO_LABEL,
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { runProgram } from '../host/run-program.ts';

/** Makes `path` unless it is there. Safe when two labs do it at once. */
export const ensureLightIso = async (path: string): Promise<void> => {
  const existing = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing !== undefined) return;
  await mkdir(dirname(path), { recursive: true });
  const work = await mkdtemp(join(dirname(path), '.light-'));
  try {
    const tree = join(work, 'tree');
    // Lower case as on the real medium; the plain ISO name is upper case all the same.
    const region = join(tree, RESERVED_REGION_PATH.toLowerCase());
    await mkdir(dirname(region), { recursive: true });
    await writeFile(region, Buffer.alloc(RESERVED_REGION_BYTES));
    const made = join(work, 'light.iso');
    await runProgram('xorriso', [
      '-as',
      'mkisofs',
      '-quiet',
      '-R',
      '-J',
      '-V',
      RAMDISK_ISO_LABEL,
      '-o',
      made,
      tree,
    ]);
    await rename(made, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
