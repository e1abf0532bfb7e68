// A real Debian 12 disk image, from packages: systemd, GRUB for BIOS and for UEFI with Secure Boot, cloud-init.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBootableDisk } from './bootable-disk.ts';
import {
  DEBIAN_EXCLUDES,
  DEBIAN_PACKAGES,
  DEBIAN_ROOT_LABEL,
  EARLY_FILES,
  LATE_FILES,
  LINKS,
  REMOVED,
} from './debian-system.ts';
import { runImageProgram } from './image-program.ts';
import { writeLinks, writeTextFiles } from './write-tree.ts';

const ROOT_MIB = 1024;
const EFI_MIB = 16;

export const buildDebianImage = async (file: string, work: string): Promise<void> => {
  const root = join(work, 'root');
  const early = join(work, 'early');
  await writeTextFiles(early, EARLY_FILES);
  await runImageProgram('mmdebstrap', [
    '--quiet',
    '--variant=minbase',
    '--format=directory',
    ...DEBIAN_EXCLUDES.map((path) => `--dpkgopt=path-exclude=${path}`),
    '--aptopt=Apt::Install-Recommends "false"',
    `--essential-hook=sync-in ${early} /`,
    `--include=${DEBIAN_PACKAGES.join(',')}`,
    'bookworm',
    root,
  ]);
  for (const path of REMOVED) await rm(join(root, path), { recursive: true, force: true });
  for (const path of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial', 'var/log']) {
    await mkdir(join(root, path), { recursive: true });
  }
  await writeTextFiles(root, LATE_FILES);
  await writeLinks(root, LINKS);
  const shim = join(root, 'usr/lib/shim');
  const grub = join(root, 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed');
  await writeBootableDisk({
    file,
    work,
    root,
    rootLabel: DEBIAN_ROOT_LABEL,
    rootMiB: ROOT_MIB,
    efiMiB: EFI_MIB,
    efiFiles: [
      ['EFI/BOOT/BOOTX64.EFI', join(shim, 'shimx64.efi.signed')],
      ['EFI/BOOT/mmx64.efi', join(shim, 'mmx64.efi.signed')],
      ['EFI/BOOT/grubx64.efi', grub],
      ['EFI/debian/shimx64.efi', join(shim, 'shimx64.efi.signed')],
      ['EFI/debian/grubx64.efi', grub],
    ],
    guidPrefix: 'be55e3e7',
  });
};
