// Debian packages, unpacked into directories: dependencies are resolved and signatures checked by apt, and no
// maintainer script ever runs, on this host or in the tree.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

const SUITE = 'bookworm';

/** What runs in the ramdisk besides Node.js. Dash and not busybox's shell, because that runs its own applets
 * before it looks at PATH, and its blkdiscard or dd are not those of the packages. */
const USER_PACKAGES = [
  'busybox-static',
  'dash',
  'dmidecode',
  'efibootmgr',
  'gdisk',
  'hdparm',
  'ipmitool',
  'iproute2',
  'kmod',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'nvme-cli',
  'util-linux',
  'xz-utils',
];
/** Kernel and boot loaders. Not the cloud kernel: it has no IPMI, AHCI, USB or server network cards. */
const BOOT_PACKAGES = [
  'grub-efi-amd64-signed',
  'isolinux',
  'linux-image-amd64',
  'shim-signed',
  'syslinux-common',
];
const NEVER_UNPACKED = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/perl*',
  '/usr/lib/*/perl*',
  '/usr/lib/*/gconv/*',
];

/** Name to version. */
export type PackageVersions = { readonly [name: string]: string };
export type DebianTrees = {
  readonly user: string;
  readonly boot: string;
  readonly packages: PackageVersions;
};

export const unpackDebian = async (directory: string): Promise<DebianTrees> => {
  const user = join(directory, 'user');
  const boot = join(directory, 'boot');
  const [ofUser, ofBoot] = await Promise.all([
    unpack(USER_PACKAGES, user),
    unpack(BOOT_PACKAGES, boot),
  ]);
  return { user, boot, packages: { ...ofBoot, ...ofUser } };
};

const unpack = async (names: readonly string[], target: string): Promise<PackageVersions> => {
  await runProgram('mmdebstrap', [
    '--quiet',
    '--variant=extract',
    '--format=directory',
    // The archives stay: their names tell the versions.
    '--skip=essential/unlink,cleanup/apt',
    ...NEVER_UNPACKED.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${names.join(',')}`,
    SUITE,
    target,
  ]);
  const archives = await readdir(join(target, 'var/cache/apt/archives'));
  const versions = archives
    .filter((name) => name.endsWith('.deb'))
    .sort()
    .map((name) => {
      const [packageName = '', version = ''] = decodeURIComponent(name).split('_');
      return [packageName, version] as const;
    });
  return Object.fromEntries(versions);
};
