// The base ISO: starts on BIOS machines (isolinux) and on UEFI machines, with Secure Boot or without (shim and
// signed GRUB), and holds the reserved region that the boot loaders pass to the kernel as a second initramfs.

import { copyFile, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  RAMDISK_ISO_LABEL,
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { BASE_FILES } from './base-stage.ts';
import { BUILD_EPOCH_SECONDS, runProgram } from './run-program.ts';

/** Only warnings reach the serial port: at 115,200 baud a talkative kernel waits for it. */
const KERNEL_LINE = [
  'console=tty0',
  'console=ttyS0,115200',
  'boot_method=vmedia',
  'quiet',
  'loglevel=4',
  'random.trust_cpu=on',
  'random.trust_bootloader=on',
  'panic=60',
  'nomodeset',
].join(' ');
const EFI_PARTITION_BYTES = 8 * 1024 ** 2;
/** xorriso writes hundredths too. */
const MODIFICATION_DATE = new Date(BUILD_EPOCH_SECONDS * 1000)
  .toISOString()
  .replaceAll(/\D/gu, '')
  .slice(0, 16);
const REGION = RESERVED_REGION_PATH.toLowerCase();

export type IsoParts = {
  readonly kernel: string;
  readonly initramfs: string;
  /** Directory with the boot loaders of BASE_FILES. */
  readonly loaders: string;
};

export const writeBootIso = async (parts: IsoParts, file: string): Promise<void> => {
  const work = `${file}.tree`;
  await rm(work, { recursive: true, force: true });
  for (const name of ['boot/grub', 'isolinux']) await mkdir(join(work, name), { recursive: true });
  await copyFile(parts.kernel, join(work, 'boot/vmlinuz'));
  await copyFile(parts.initramfs, join(work, 'boot/initrd'));
  await writeFile(join(work, REGION), Buffer.alloc(RESERVED_REGION_BYTES));
  await writeFile(join(work, 'boot/grub/grub.cfg'), GRUB_CONFIG);
  await writeFile(join(work, 'isolinux/isolinux.cfg'), ISOLINUX_CONFIG);
  for (const name of [BASE_FILES.isolinux, BASE_FILES.isolinuxLibrary]) {
    await copyFile(join(parts.loaders, name), join(work, 'isolinux', name));
  }
  await writeEfiPartition(parts.loaders, join(work, 'boot/efi.img'));
  await rm(file, { force: true });
  await runProgram('xorriso', [
    '-as',
    'mkisofs',
    '-quiet',
    '-R',
    '-J',
    '-V',
    RAMDISK_ISO_LABEL,
    `--modification-date=${MODIFICATION_DATE}`,
    '--set_all_file_dates',
    MODIFICATION_DATE,
    '-uid',
    '0',
    '-gid',
    '0',
    '-o',
    file,
    '-b',
    'isolinux/isolinux.bin',
    '-c',
    'isolinux/boot.cat',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
    '-boot-info-table',
    '-eltorito-alt-boot',
    '-e',
    'boot/efi.img',
    '-no-emul-boot',
    work,
  ]);
  await rm(work, { recursive: true, force: true });
};

const GRUB_CONFIG = `set timeout=0
search --no-floppy --set=root --label ${RAMDISK_ISO_LABEL}
linux /boot/vmlinuz ${KERNEL_LINE}
initrd /boot/initrd ${REGION}
boot
`;

const ISOLINUX_CONFIG = `serial 0 115200
default deploy
prompt 0
timeout 1
label deploy
  kernel /boot/vmlinuz
  append initrd=/boot/initrd,${REGION} ${KERNEL_LINE}
`;

/** The signed GRUB reads its configuration from EFI/debian of the partition that it was started from. */
const EARLY_GRUB_CONFIG = `search --no-floppy --set=root --label ${RAMDISK_ISO_LABEL}
set prefix=($root)/boot/grub
configfile ($root)/boot/grub/grub.cfg
`;

const writeEfiPartition = async (loaders: string, image: string): Promise<void> => {
  await writeFile(image, Buffer.alloc(EFI_PARTITION_BYTES));
  await runProgram('mkfs.vfat', ['--invariant', '-i', 'BE55E3E6', '-n', 'EFIBOOT', image]);
  await runProgram('mmd', ['-i', image, '::EFI', '::EFI/BOOT', '::EFI/debian']);
  const config = `${image}.cfg`;
  await writeFile(config, EARLY_GRUB_CONFIG);
  const files = [
    [join(loaders, BASE_FILES.shim), 'EFI/BOOT/BOOTX64.EFI'],
    [join(loaders, BASE_FILES.mokManager), 'EFI/BOOT/mmx64.efi'],
    [join(loaders, BASE_FILES.grub), 'EFI/BOOT/grubx64.efi'],
    [config, 'EFI/debian/grub.cfg'],
  ] as const;
  for (const [source, target] of files) {
    await utimes(source, BUILD_EPOCH_SECONDS, BUILD_EPOCH_SECONDS);
    await runProgram('mcopy', ['-m', '-i', image, source, `::${target}`]);
  }
  await rm(config);
};
