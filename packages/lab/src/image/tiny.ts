// The small image for tests: a Debian kernel, busybox and an init that prints, as `lab-os:` lines, what a test
// wants to see: firmware, root, and what the config drive says.

import { cp, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LabFailure } from '../lab-failure.ts';
import { writeBootableDisk } from './bootable-disk.ts';
import { runImageProgram } from './image-program.ts';
import { writeTextFiles } from './write-tree.ts';

const ROOT_LABEL = 'labroot';
const ROOT_MIB = 32;
const EFI_MIB = 4;
const MODULES =
  'virtio_pci virtio_blk virtio_scsi ahci nvme sd_mod ext4 crc32c_generic isofs sr_mod vfat nls_ascii nls_cp437';

export const buildTinyImage = async (file: string, work: string): Promise<void> => {
  const debian = join(work, 'debian');
  await runImageProgram('mmdebstrap', [
    '--quiet',
    '--variant=extract',
    '--format=directory',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--include=linux-image-amd64,busybox-static',
    'bookworm',
    debian,
  ]);
  const [version] = await readdir(join(debian, 'lib/modules'));
  if (version === undefined) throw new LabFailure('the kernel package has no modules');
  const busybox = join(debian, 'bin/busybox');
  const root = join(work, 'root');
  for (const name of ['bin', 'sbin', 'proc', 'sys', 'dev', 'mnt', 'boot/grub']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await cp(busybox, join(root, 'bin/busybox'));
  await cp(join(debian, `boot/vmlinuz-${version}`), join(root, 'boot/vmlinuz'));
  await packInitrd(debian, version, busybox, join(work, 'initrd'));
  await cp(join(work, 'initrd.gz'), join(root, 'boot/initrd'));
  await writeTextFiles(root, [
    { path: 'sbin/init', text: INIT, isProgram: true },
    { path: 'boot/grub/grub.cfg', text: GRUB_CONFIG },
  ]);
  await writeBootableDisk({
    file,
    work,
    root,
    rootLabel: ROOT_LABEL,
    rootMiB: ROOT_MIB,
    efiMiB: EFI_MIB,
    efiFiles: [],
    guidPrefix: 'be55e3e6',
  });
};

const packInitrd = async (
  debian: string,
  version: string,
  busybox: string,
  tree: string,
): Promise<void> => {
  await runImageProgram('depmod', ['-b', debian, version]);
  const order: string[] = [];
  for (const name of MODULES.split(' ')) {
    const shown = await runImageProgram('modprobe', [
      '-d',
      debian,
      '-S',
      version,
      '--show-depends',
      name,
    ]);
    for (const line of shown.split('\n')) {
      const [verb, file] = line.trim().split(' ');
      if (verb === 'insmod' && file !== undefined && !order.includes(file)) order.push(file);
    }
  }
  for (const name of ['bin', 'proc', 'sys', 'dev', 'mnt', 'modules']) {
    await mkdir(join(tree, name), { recursive: true });
  }
  await cp(busybox, join(tree, 'bin/busybox'));
  for (const file of order) await cp(file, join(tree, 'modules', basename(file)));
  const names = order.map((file) => `/modules/${basename(file)}\n`).join('');
  await writeTextFiles(tree, [
    { path: 'modules/order', text: names },
    { path: 'init', text: INITRD_INIT, isProgram: true },
  ]);
  const archive = join(dirname(tree), 'initrd.cpio');
  const list = (await readdir(tree, { recursive: true })).sort().join('\n');
  const owner = ['-R', '0:0', '--reproducible', '--quiet'];
  await runImageProgram('cpio', ['-o', '-H', 'newc', ...owner, '-F', archive], {
    directory: tree,
    input: `${list}\n`,
  });
  await runImageProgram('gzip', ['-n', '-9', '-f', archive]);
  await cp(`${archive}.gz`, `${tree}.gz`);
};

const INITRD_INIT = `#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do insmod "$module" 2> /dev/null; done
tries=0
while [ $tries -lt 100 ]; do
  root=$(findfs LABEL=${ROOT_LABEL} 2> /dev/null) && break
  tries=$((tries + 1))
  sleep 0.1
done
mount -t ext4 "$root" /mnt || { echo "lab-os: no root" > /dev/console; exec sleep 3600; }
exec switch_root /mnt /sbin/init
`;

const INIT = `#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -o remount,rw /
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
say() { echo "lab-os: [$(cut -d' ' -f1 /proc/uptime)] $*" > /dev/console; }
firmware=bios
[ -d /sys/firmware/efi ] && firmware=uefi
say "up from disk, root $(findfs LABEL=${ROOT_LABEL}), firmware $firmware"
if drive=$(findfs LABEL=config-2); then
  mount -o ro "$drive" /mnt
  meta=/mnt/openstack/latest/meta_data.json
  say "config drive $drive: $(tr -d '\\n' < $meta)"
  say "hostname $(sed -n 's/.*"hostname": *"\\([^"]*\\)".*/\\1/p' $meta)"
  say "key $(tr -d '\\n' < $meta | sed -n 's/.*"\\(ssh-[a-z0-9]* [^"]*\\)".*/\\1/p')"
else
  say "no config drive"
fi
say "done"
trap 'poweroff -f' USR2
trap 'reboot -f' TERM
while :; do sleep 3600 & wait $!; done
`;

const GRUB_CONFIG = `serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
search --no-floppy --label ${ROOT_LABEL} --set=root
linux /boot/vmlinuz console=tty0 console=ttyS0,115200 quiet loglevel=3 random.trust_cpu=on
initrd /boot/initrd
boot
`;
