// What makes a plain Debian tree the image that the demo deploys: cloud-init that reads only the config drive,
// a serial console, ssh with keys only, and nothing that a first boot would wait for.

import type { TextFile } from './write-tree.ts';

export const DEBIAN_ROOT_LABEL = 'bessemer-root';

export const DEBIAN_PACKAGES = [
  'cloud-init',
  'dbus',
  'grub-efi-amd64-signed',
  'iproute2',
  'linux-image-amd64',
  'openssh-server',
  'shim-signed',
  'systemd-resolved',
  'systemd-sysv',
  'udev',
  'zstd',
];

/** Not for a server's first boot: documents, and drivers for sound, pictures, radio. */
const MODULES = '/lib/modules/*/kernel';
export const DEBIAN_EXCLUDES = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/grub/*',
  '/usr/lib/grub/x86_64-efi/*',
  ...[
    'sound',
    'drivers/gpu',
    'drivers/media',
    'drivers/staging',
    'drivers/bluetooth',
    'drivers/net/wireless',
    'drivers/infiniband',
    'drivers/iio',
    'drivers/isdn',
    'drivers/comedi',
    'net/bluetooth',
    'net/wireless',
    'net/mac80211',
    'fs/ocfs2',
    'fs/gfs2',
  ].map((directory) => `${MODULES}/${directory}/*`),
];

/** Put into the tree before packages are configured: they decide what is in the initramfs. */
export const EARLY_FILES: readonly TextFile[] = [
  {
    path: 'etc/initramfs-tools/conf.d/bessemer',
    text: 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=9\nRESUME=none\nFSTYPE=ext4\n',
  },
  {
    path: 'usr/share/initramfs-tools/modules.d/bessemer',
    text: 'virtio_pci\nvirtio_blk\nvirtio_scsi\nahci\nata_piix\nnvme\nsd_mod\next4\nmegaraid_sas\nmpt3sas\nsmartpqi\nhpsa\n',
  },
];

export const LATE_FILES: readonly TextFile[] = [
  { path: 'etc/fstab', text: `LABEL=${DEBIAN_ROOT_LABEL} / ext4 defaults,noatime 0 0\n` },
  { path: 'etc/hostname', text: 'debian\n' },
  { path: 'etc/hosts', text: '127.0.0.1 localhost\n::1 localhost\n' },
  // Empty: made at the first boot.
  { path: 'etc/machine-id', text: '' },
  {
    path: 'etc/cloud/cloud.cfg',
    text: `datasource_list: [ConfigDrive]
disable_root: true
ssh_pwauth: false
preserve_hostname: false
ssh_genkeytypes: [ed25519]
ssh_quiet_keygen: true
no_ssh_fingerprints: true
manage_etc_hosts: true
users: [default]
cloud_init_modules: [write-files, set_hostname, update_hostname, update_etc_hosts, users-groups, ssh]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
system_info:
  distro: debian
  default_user: {name: debian, lock_passwd: true, gecos: Debian, groups: [adm], shell: /bin/bash}
  network: {renderers: [networkd]}
  paths: {cloud_dir: /var/lib/cloud, templates_dir: /etc/cloud/templates}
  ssh_svcname: ssh
`,
  },
  {
    path: 'etc/ssh/sshd_config.d/bessemer.conf',
    text: 'PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n',
  },
  {
    path: 'usr/local/sbin/bessemer-report',
    isProgram: true,
    text: `#!/bin/sh
# Says on the console what cloud-init has made of the config drive.
keys=/home/debian/.ssh/authorized_keys
fingerprint=none
[ -s $keys ] && fingerprint=$(ssh-keygen -l -f $keys | cut -d' ' -f2 | head -n 1)
echo "bessemer-os: hostname $(cat /proc/sys/kernel/hostname) key $fingerprint" > /dev/console
`,
  },
  {
    path: 'etc/systemd/system/bessemer-report.service',
    text: `[Unit]
Description=Report what the config drive gave
After=cloud-init.service
Wants=cloud-init.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/bessemer-report

[Install]
WantedBy=multi-user.target
`,
  },
  {
    path: 'boot/grub/grub.cfg',
    text: `serial --unit=0 --speed=115200
set timeout=0
search --no-floppy --label ${DEBIAN_ROOT_LABEL} --set=root
linux /vmlinuz root=LABEL=${DEBIAN_ROOT_LABEL} rw console=tty0 console=ttyS0,115200 quiet loglevel=3 systemd.show_status=false random.trust_cpu=on
initrd /initrd.img
boot
`,
  },
];

const UNITS = 'etc/systemd/system';
const LIBRARY = '/lib/systemd/system';

/** Nobody waits for these at a first boot. */
const MASKED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'grub-common.service',
  'ifupdown-pre.service',
  'networking.service',
  'systemd-networkd-wait-online.service',
  'systemd-timesyncd.service',
];

export const LINKS: readonly (readonly [path: string, target: string])[] = [
  ...MASKED.map((unit) => [`${UNITS}/${unit}`, '/dev/null'] as const),
  [
    `${UNITS}/multi-user.target.wants/bessemer-report.service`,
    '/etc/systemd/system/bessemer-report.service',
  ],
  [
    `${UNITS}/multi-user.target.wants/systemd-networkd.service`,
    `${LIBRARY}/systemd-networkd.service`,
  ],
  [`${UNITS}/sockets.target.wants/systemd-networkd.socket`, `${LIBRARY}/systemd-networkd.socket`],
];

/** Of the build, not of a machine. */
export const REMOVED = [
  'etc/machine-id',
  'etc/hostname',
  'etc/ssh/ssh_host_rsa_key',
  'etc/ssh/ssh_host_rsa_key.pub',
  'etc/ssh/ssh_host_ecdsa_key',
  'etc/ssh/ssh_host_ecdsa_key.pub',
  'etc/ssh/ssh_host_ed25519_key',
  'etc/ssh/ssh_host_ed25519_key.pub',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  ...LINKS.map(([path]) => path),
];
