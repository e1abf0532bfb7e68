// Small disk images for simulated machines: a GPT, an EFI system partition with a loader, a root partition.
// They need not boot (the lab's own small image does that for emulated machines); they need to look right.

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';

const run = promisify(execFile);

const MIB = 1024 * 1024;
const IMAGE_MIB = 24;
const SECTOR_BYTES = 512;
const ESP_SECTOR = 2048;
const ESP_MIB = 4;
const ROOT_SECTOR = ESP_SECTOR + (ESP_MIB * MIB) / SECTOR_BYTES;

export type TestImage = { readonly path: string; readonly sha256: string };

const sha256Of = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const withDigest = async (path: string): Promise<TestImage> => ({
  path,
  sha256: await sha256Of(path),
});

export const makeRawImage = async (directory: string): Promise<TestImage> => {
  const path = join(directory, 'small.raw');
  const esp = join(directory, 'esp.img');
  const loader = join(directory, 'loader.efi');
  await writeFile(path, '');
  await truncate(path, IMAGE_MIB * MIB);
  await run('sgdisk', [
    '-o',
    '-n',
    `1:${ESP_SECTOR}:+${ESP_MIB}M`,
    '-t',
    '1:ef00',
    '-n',
    '2:0:0',
    '-t',
    '2:8300',
    path,
  ]);
  await writeFile(esp, '');
  await truncate(esp, ESP_MIB * MIB);
  await writeFile(loader, randomBytes(SECTOR_BYTES));
  await run('/usr/sbin/mkfs.vfat', ['-n', 'ESP', esp]);
  await run('mmd', ['-i', esp, '::EFI', '::EFI/BOOT']);
  await run('mcopy', ['-i', esp, loader, '::EFI/BOOT/BOOTX64.EFI']);
  const file = await open(path, 'r+');
  await file.write(await readFile(esp), 0, ESP_MIB * MIB, ESP_SECTOR * SECTOR_BYTES);
  await file.write(randomBytes(2 * MIB), 0, 2 * MIB, (ROOT_SECTOR + ESP_SECTOR) * SECTOR_BYTES);
  await file.close();
  return withDigest(path);
};

export const compressed = async (image: TestImage, kind: 'gz' | 'zst'): Promise<TestImage> => {
  const path = `${image.path}.${kind}`;
  const bytes = await readFile(image.path);
  await writeFile(path, kind === 'gz' ? gzipSync(bytes) : zstdCompressSync(bytes));
  return withDigest(path);
};

export const asQcow2 = async (image: TestImage): Promise<TestImage> => {
  const path = `${image.path}.qcow2`;
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', image.path, path]);
  return withDigest(path);
};

/** A qcow2 that names a file of the host as its backing file. */
export const hostileQcow2 = async (directory: string): Promise<TestImage> => {
  const path = join(directory, 'hostile.qcow2');
  const args = [
    'create',
    '-f',
    'qcow2',
    '-u',
    '-F',
    'raw',
    '-b',
    '/etc/passwd',
    path,
    `${IMAGE_MIB}M`,
  ];
  await run('qemu-img', args);
  return withDigest(path);
};
