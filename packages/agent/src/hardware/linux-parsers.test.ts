// What programs of the ramdisk print, read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBootEntries } from './efi-boot-entries.ts';
import { parseLsblk } from './linux-disks.ts';
import { parseMemoryModules } from './linux-system.ts';

const device = (name: string, more: object = {}) => ({
  name,
  type: 'disk',
  size: 1024,
  model: ' A model ',
  serial: '',
  rota: '1',
  ro: false,
  rm: false,
  'log-sec': 4096,
  'phy-sec': 4096,
  ...more,
});

test('disks are taken; memory, loops, removable and read-only ones are not', () => {
  const blockdevices = [
    device('vdb'),
    device('sda', { rota: false, tran: 'sata' }),
    device('zram0'),
    device('loop0', { type: 'loop' }),
    device('sr0', { type: 'rom' }),
    device('sdb', { rm: '1' }),
    device('sdc', { ro: true }),
    device('sdd', { size: 0 }),
  ];

  const disks = parseLsblk(JSON.stringify({ blockdevices }));

  assert.deepEqual(
    disks.map(({ name, rotational, model, serial }) => [name, rotational, model, serial]),
    [
      ['/dev/sda', false, 'A model', null],
      ['/dev/vdb', true, 'A model', null],
    ],
  );
});

test('boot entries are known by number and label, in the old and the new way of printing', () => {
  const text = [
    'BootCurrent: 0001',
    'BootOrder: 0003,0001',
    'Boot0001* UEFI QEMU DVD-ROM QM00001 \tPciRoot(0x0)/Pci(0x1f,0x2)',
    'Boot0003* Bessemer\tHD(1,GPT,0123)/File(\\EFI\\BOOT\\BOOTX64.EFI)',
    'Boot000A  Old disk',
  ].join('\n');

  assert.deepEqual(parseBootEntries(text), [
    { number: '0001', label: 'UEFI QEMU DVD-ROM QM00001' },
    { number: '0003', label: 'Bessemer' },
    { number: '000A', label: 'Old disk' },
  ]);
});

test('memory modules add up, empty slots do not count', () => {
  const text =
    '\tSize: 16 GB\n\tSize: 512 MB\n\tSize: No Module Installed\n\tVolatile Size: 16 GB\n';

  assert.equal(parseMemoryModules(text), 16 * 1024 + 512);
});
