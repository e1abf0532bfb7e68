// Says which Debian packages of the build host are missing, before anything starts.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RamdiskFailure } from './ramdisk-failure.ts';

/** One program that each package of host-packages.json brings. */
const PROGRAMS: { readonly [packageName: string]: string } = {
  binutils: 'strip',
  dosfstools: 'mkfs.vfat',
  kmod: 'depmod',
  mmdebstrap: 'mmdebstrap',
  mtools: 'mcopy',
  xorriso: 'xorriso',
  zstd: 'zstd',
};
const DIRECTORIES = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin'];

export const checkHost = (): void => {
  const names = JSON.parse(
    readFileSync(join(import.meta.dirname, 'host-packages.json'), 'utf8'),
  ) as readonly string[];
  const missing = names.filter((name) => {
    const program = PROGRAMS[name];
    return (
      program !== undefined &&
      !DIRECTORIES.some((directory) => existsSync(join(directory, program)))
    );
  });
  if (missing.length > 0) {
    throw new RamdiskFailure(
      `missing on this host: apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  }
};
