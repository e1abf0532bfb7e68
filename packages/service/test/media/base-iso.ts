// A base image as the ramdisk builder makes it, without a kernel.

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RAMDISK_ISO_LABEL, RESERVED_REGION_BYTES } from '@bessemer/protocol/media/reserved-region';

export const inTemporaryDirectory = async (
  work: (directory: string) => Promise<void>,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-media-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** Returns the path of an image with `region` at the place of the configuration. */
export const makeBaseIso = async (
  directory: string,
  options: { readonly region?: Buffer; readonly name?: string } = {},
): Promise<string> => {
  const name = options.name ?? 'base';
  const tree = join(directory, `${name}-tree`);
  await mkdir(join(tree, 'boot'), { recursive: true });
  await writeFile(
    join(tree, 'boot/config.cpi'),
    options.region ?? Buffer.alloc(RESERVED_REGION_BYTES),
  );
  await writeFile(join(tree, 'boot/vmlinuz'), Buffer.alloc(100_000, name));
  const path = join(directory, `${name}.iso`);
  const label = ['-V', RAMDISK_ISO_LABEL];
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-J', ...label, '-o', path, tree], {
    stdio: 'ignore',
  });
  return path;
};
