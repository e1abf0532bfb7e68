// Kernel and initramfs of simulated machines that boot over the network: two small files that are fetched as real
// ones would be, and then stand for themselves.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LIGHT_RAMDISK_INITRAMFS, LIGHT_RAMDISK_KERNEL } from '@bessemer/protocol/paths';
import { randomUUID } from 'node:crypto';

const FILES = {
  [LIGHT_RAMDISK_KERNEL]: 'kernel of a simulated machine\n',
  [LIGHT_RAMDISK_INITRAMFS]: 'initramfs of a simulated machine\n',
};

/** Safe when two labs do it at once. */
export const ensureLightKernel = async (cacheDirectory: string): Promise<void> => {
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(cacheDirectory, name);
    await mkdir(dirname(path), { recursive: true });
    const made = `${path}.${randomUUID()}`;
    await writeFile(made, content);
    await rename(made, path);
  }
};
