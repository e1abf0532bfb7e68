// The part of the ramdisk that changes rarely: Debian's user space, the kernel with its drivers, Node.js, the
// boot loaders. Built once per set of inputs, then taken from the cache, so that a new agent costs a second.

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addDirectory, writeArchive, type Tree } from './cpio-archive.ts';
import { unpackDebian, type PackageVersions } from './debian-tree.ts';
import { selectModules } from './kernel-modules.ts';
import { RamdiskFailure } from './ramdisk-failure.ts';
import { runProgram } from './run-program.ts';

/** Level 12 costs 10 s once and saves 3 MB at every boot against 9; 19 would cost two minutes. */
const ZSTD_LEVEL = '-12';
const BUSYBOX = 'bin/busybox';

export type BaseStage = {
  readonly directory: string;
  readonly facts: BaseFacts;
};
export type BaseFacts = {
  readonly kernelVersion: string;
  readonly moduleCount: number;
  readonly packages: PackageVersions;
};

export const BASE_FILES = {
  kernel: 'kernel',
  initramfs: 'base.cpio.zst',
  isolinux: 'isolinux.bin',
  isolinuxLibrary: 'ldlinux.c32',
  shim: 'shimx64.efi',
  mokManager: 'mmx64.efi',
  grub: 'grubx64.efi',
} as const;

const LOADERS = {
  [BASE_FILES.isolinux]: 'usr/lib/ISOLINUX/isolinux.bin',
  [BASE_FILES.isolinuxLibrary]: 'usr/lib/syslinux/modules/bios/ldlinux.c32',
  [BASE_FILES.shim]: 'usr/lib/shim/shimx64.efi.signed',
  [BASE_FILES.mokManager]: 'usr/lib/shim/mmx64.efi.signed',
  [BASE_FILES.grub]: 'usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed',
} as const;

/** Left out of the user space: what only a package manager, a person or an init system would want. */
const UNWANTED = [
  /^(var|boot|tmp|run|proc|sys|dev|home|media|mnt|opt|srv)(\/|$)/u,
  /^usr\/(share|include|games|src|libexec)(\/|$)/u,
  /^(usr\/)?lib\/(systemd|udev|tmpfiles\.d|sysusers\.d|init|terminfo|mime|apt|dpkg|pcrlock\.d)(\/|$)/u,
  /^(usr\/)?lib\/x86_64-linux-gnu\/(perl|gconv|libperl|security|audit|e2fsprogs)/u,
  /^usr\/lib\/x86_64-linux-gnu\/(libapt|libdb-|libgnutls|libp11|libstdc\+\+\.so\.6\.0\.30-gdb)/u,
  /^(usr\/)?s?bin\/(perl|apt|dpkg|debconf|login|su|passwd|chsh|chfn|newgrp|sulogin|agetty|getty|deb-systemd|update-|add|del|user|group|ch[gp]|pwck|pwconv|grp|vip|unix_chkpwd|pam)/u,
  /^etc\/(apt|dpkg|init\.d|rc.\.d|cron|pam|security|alternatives|systemd|default|logrotate|terminfo|skel|profile|debconf|ssl|passwd|group|shadow|gshadow|login|securetty|rc|fstab)/u,
];

export const baseStage = async (
  cache: string,
  key: string,
  nodeBinary: string,
): Promise<BaseStage> => {
  const directory = join(cache, `base-${key}`);
  if (!existsSync(join(directory, 'facts.json'))) await build(directory, nodeBinary);
  const facts = JSON.parse(await readFile(join(directory, 'facts.json'), 'utf8')) as BaseFacts;
  return { directory, facts };
};

const build = async (directory: string, nodeBinary: string): Promise<void> => {
  const work = `${directory}.part`;
  await rm(work, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
  const staged = join(work, 'staged');
  await mkdir(staged, { recursive: true });
  const debian = await unpackDebian(work);
  const [kernelVersion] = await readdir(join(debian.boot, 'lib/modules'));
  if (kernelVersion === undefined) throw new RamdiskFailure('the kernel package has no modules');
  const modules = await selectModules(debian.boot, kernelVersion, staged);
  await mkdir(join(staged, 'usr/local/bin'), { recursive: true });
  await runProgram('strip', [
    '--strip-unneeded',
    '-o',
    join(staged, 'usr/local/bin/node'),
    nodeBinary,
  ]);
  const tree: Tree = new Map();
  await addDirectory(tree, debian.user, (path) => !UNWANTED.some((each) => each.test(path)));
  await addDirectory(tree, staged, () => true);
  await addBusybox(tree, join(debian.user, BUSYBOX));
  addBareSystem(tree);
  writeArchive(tree, join(work, 'base.cpio'));
  await runProgram('zstd', [
    '-q',
    '-T2',
    ZSTD_LEVEL,
    join(work, 'base.cpio'),
    '-o',
    join(work, BASE_FILES.initramfs),
  ]);
  await copyFile(join(debian.boot, `boot/vmlinuz-${kernelVersion}`), join(work, BASE_FILES.kernel));
  for (const [name, source] of Object.entries(LOADERS)) {
    await copyFile(join(debian.boot, source), join(work, name));
  }
  for (const rest of [staged, debian.user, debian.boot, join(work, 'base.cpio')]) {
    await rm(rest, { recursive: true, force: true });
  }
  const facts: BaseFacts = {
    kernelVersion,
    moduleCount: modules.count,
    packages: debian.packages,
  };
  await writeFile(join(work, 'facts.json'), JSON.stringify(facts, null, 2));
  await rename(work, directory);
};

/** Busybox for everything that no package brought. */
const addBusybox = async (tree: Tree, busybox: string): Promise<void> => {
  const applets = (await runProgram(busybox, ['--list'])).split('\n').filter((name) => name !== '');
  for (const name of applets) {
    const isThere = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].some((each) =>
      tree.has(`${each}/${name}`),
    );
    if (!isThere && !/getty|login|telnet|ftp|passwd|^su$|httpd|inetd|^nc$/u.test(name)) {
      tree.set(`bin/${name}`, { kind: 'link', target: '/bin/busybox' });
    }
  }
  tree.set('bin/sh', { kind: 'link', target: 'dash' });
};

const addBareSystem = (tree: Tree): void => {
  for (const name of ['proc', 'sys', 'dev', 'run', 'mnt', 'var/log', 'agent']) {
    tree.set(name, { kind: 'directory', mode: 0o755 });
  }
  tree.set('root', { kind: 'directory', mode: 0o700 });
  tree.set('tmp', { kind: 'directory', mode: 0o1777 });
  tree.set('dev/console', { kind: 'device', mode: 0o600, major: 5, minor: 1 });
  tree.set('dev/null', { kind: 'device', mode: 0o666, major: 1, minor: 3 });
  // Nobody can log in: the one account has no password and no shell.
  const text = (content: string) => ({ kind: 'file', mode: 0o644, content }) as const;
  tree.set('etc/passwd', text('root:x:0:0:root:/root:/bin/false\n'));
  tree.set('etc/group', text('root:x:0:\ndisk:x:6:\n'));
  tree.set('etc/hosts', text('127.0.0.1 localhost\n::1 localhost\n'));
};
