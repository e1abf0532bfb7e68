// Puts a root file system and an EFI system partition onto a GPT disk that starts with BIOS and with UEFI.
// No loop device, no mount: each partition is made as a file and copied to its place.

import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runImageProgram } from './image-program.ts';
import { LabFailure } from '../lab-failure.ts';

const SECTOR_BYTES = 512;
const MIB = 1024 ** 2;
/** Where GRUB's core image lies: the BIOS boot partition, one MiB from the start. */
const CORE_SECTOR = 2048;
const CORE_SECTORS_MAX = 2048;
const EFI_START_MIB = 2;
/** Room for the second partition table. */
const TAIL_MIB = 1;
/** Places in GRUB's boot.img and core.img where the sector of what comes next is written. */
const BOOT_NEXT_OFFSET = 0x5c;
const CORE_NEXT_OFFSET = 0x1f4;
/** The boot code ends before the disk signature. */
const BOOT_CODE_BYTES = 440;
const GRUB = '/usr/lib/grub';
const GRUB_MODULES =
  'part_gpt ext2 normal configfile linux search search_label serial terminal boot echo gzio test';

export type DiskSpec = {
  readonly file: string;
  /** Scratch directory. */
  readonly work: string;
  /** Directory that becomes the root file system; holds /boot/grub/grub.cfg. */
  readonly root: string;
  readonly rootLabel: string;
  readonly rootMiB: number;
  readonly efiMiB: number;
  /** Files for the EFI system partition: path there to file here. None: an unsigned GRUB is made. */
  readonly efiFiles: readonly (readonly [path: string, source: string])[];
  /** Of disk and partitions; an image is not random. */
  readonly guidPrefix: string;
};

export const writeBootableDisk = async (spec: DiskSpec): Promise<void> => {
  const early = join(spec.work, 'early.cfg');
  await writeFile(early, earlyConfig(spec.rootLabel));
  const rootStartMiB = EFI_START_MIB + spec.efiMiB;
  await rm(spec.file, { force: true });
  await writeFile(spec.file, '');
  await truncate(spec.file, (rootStartMiB + spec.rootMiB + TAIL_MIB) * MIB);
  await runImageProgram('sgdisk', [
    '-o',
    `-U${guid(spec, 0)}`,
    ...partition(1, CORE_SECTOR, CORE_SECTORS_MAX, 'ef02', guid(spec, 1)),
    ...partition(2, sectors(EFI_START_MIB), sectors(spec.efiMiB), 'ef00', guid(spec, 2)),
    ...partition(3, sectors(rootStartMiB), sectors(spec.rootMiB), '8300', guid(spec, 3)),
    spec.file,
  ]);
  const efi = await makeEfiPartition(spec, early);
  await copyInto(spec.file, efi, EFI_START_MIB * MIB);
  const root = await makeRoot(spec);
  await copyInto(spec.file, root, rootStartMiB * MIB);
  await rm(root);
  await writeBiosLoader(spec, early);
};

const earlyConfig = (label: string): string =>
  `search --no-floppy --label ${label} --set=root\nset prefix=($root)/boot/grub\nconfigfile /boot/grub/grub.cfg\n`;

const sectors = (mib: number): number => (mib * MIB) / SECTOR_BYTES;
const guid = (spec: DiskSpec, index: number): string =>
  `${spec.guidPrefix}-0000-4000-8000-00000000000${index}`;

const partition = (
  index: number,
  start: number,
  count: number,
  type: string,
  id: string,
): readonly string[] => [
  '-n',
  `${index}:${start}:${start + count - 1}`,
  '-t',
  `${index}:${type}`,
  '-u',
  `${index}:${id}`,
];

const makeEfiPartition = async (spec: DiskSpec, early: string): Promise<string> => {
  const image = join(spec.work, 'efi.img');
  await writeFile(image, Buffer.alloc(spec.efiMiB * MIB));
  await runImageProgram('mkfs.vfat', ['--invariant', '-n', 'ESP', image]);
  const directories = ['::EFI', '::EFI/BOOT', '::EFI/debian'];
  await runImageProgram('mmd', ['-i', image, ...directories]);
  let files = spec.efiFiles;
  if (files.length === 0) {
    const loader = join(spec.work, 'bootx64.efi');
    await makeGrub('x86_64-efi', loader, early, ['fat', 'efi_gop']);
    files = [['EFI/BOOT/BOOTX64.EFI', loader]];
  } else files = [...files, ['EFI/debian/grub.cfg', early]];
  for (const [path, source] of files) {
    await runImageProgram('mcopy', ['-i', image, source, `::${path}`]);
  }
  return image;
};

const makeRoot = async (spec: DiskSpec): Promise<string> => {
  const image = join(spec.work, 'root.img');
  await rm(image, { force: true });
  await writeFile(image, '');
  await truncate(image, spec.rootMiB * MIB);
  const id = guid(spec, 4);
  await runImageProgram('mkfs.ext4', [
    '-q',
    '-m',
    '0',
    // GRUB 2.06 does not know the seed; a journal is not worth its place on a small image.
    '-O',
    `^metadata_csum_seed,^orphan_file${spec.rootMiB < 128 ? ',^has_journal' : ''}`,
    '-U',
    id,
    '-E',
    `hash_seed=${id},lazy_itable_init=1`,
    '-L',
    spec.rootLabel,
    '-d',
    spec.root,
    image,
  ]);
  return image;
};

const makeGrub = (
  format: string,
  file: string,
  early: string,
  modules: readonly string[],
): Promise<string> =>
  runImageProgram('grub-mkimage', [
    '-O',
    format,
    '-o',
    file,
    '-p',
    format === 'i386-pc' ? '/boot/grub' : '/EFI/BOOT',
    '-c',
    early,
    ...GRUB_MODULES.split(' '),
    ...modules,
  ]);

/** What grub-install does, without a mounted file system: boot code in the first sector that knows where the
 * core image is, and the core image's first sector that knows where its second is. */
const writeBiosLoader = async (spec: DiskSpec, early: string): Promise<void> => {
  const coreFile = join(spec.work, 'core.img');
  await makeGrub('i386-pc', coreFile, early, ['biosdisk']);
  const core = await readFile(coreFile);
  if (core.length > CORE_SECTORS_MAX * SECTOR_BYTES) {
    throw new LabFailure(`GRUB's core image of ${core.length} bytes does not fit`);
  }
  core.writeBigUInt64LE(BigInt(CORE_SECTOR + 1), CORE_NEXT_OFFSET);
  const boot = (await readFile(`${GRUB}/i386-pc/boot.img`)).subarray(0, BOOT_CODE_BYTES);
  const code = Buffer.from(boot);
  code.writeBigUInt64LE(BigInt(CORE_SECTOR), BOOT_NEXT_OFFSET);
  const disk = await open(spec.file, 'r+');
  try {
    await disk.write(code, 0, code.length, 0);
    await disk.write(core, 0, core.length, CORE_SECTOR * SECTOR_BYTES);
  } finally {
    await disk.close();
  }
};

/** Copies a file into another, leaving holes where there are only zeros. */
const copyInto = async (target: string, source: string, offsetBytes: number): Promise<void> => {
  const zeros = Buffer.alloc(MIB);
  const buffer = Buffer.alloc(MIB);
  const [from, to] = [await open(source, 'r'), await open(target, 'r+')];
  try {
    for (let position = 0; ;) {
      const { bytesRead } = await from.read(buffer, 0, MIB, position);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      if (!part.equals(zeros.subarray(0, bytesRead))) {
        await to.write(part, 0, bytesRead, offsetBytes + position);
      }
      position += bytesRead;
    }
  } finally {
    await from.close();
    await to.close();
  }
};
