import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qemuArguments, type QemuStart } from './command-line.ts';

const START: QemuStart = {
  facts: {
    name: 'm0',
    uuid: '11111111-2222-4333-8444-555555555555',
    serial: 'S0',
    manufacturer: 'Bessemer',
    model: 'Lab, the machine',
    biosVersion: '1',
    macs: ['52:54:00:00:00:01'],
    cpuCount: 2,
    memoryMiB: 1024,
  },
  mode: 'uefi',
  isSecureBootOn: false,
  source: 'disk',
  variablesFile: '/lab/vars.fd',
  disks: [{ bus: 'nvme', format: 'raw', sizeBytes: 1024, path: '/lab/a,b.raw', serial: 'D0' }],
  medium: null,
  tap: 'bsmtap1',
  networkLoader: 'card',
  kcsSocket: null,
  serialLog: '/lab/serial.log',
  qmpSocket: '/lab/qmp.sock',
  acceleration: 'tcg',
  isPaused: false,
};

const find = (args: readonly string[], part: string): string =>
  args.find((each) => each.includes(part)) ?? '';

test('software emulation is named, never left to what the host seems to offer', () => {
  const args = qemuArguments(START);

  assert.equal(args[args.indexOf('-accel') + 1], 'tcg,thread=multi');
});

test('a start from disk gives an order to the disks and to nothing else', () => {
  const args = qemuArguments(START);

  assert.match(find(args, 'id=disk0'), /bootindex=10$/);
  assert.doesNotMatch(find(args, 'id=cdrom0'), /bootindex/);
  assert.doesNotMatch(find(args, 'id=nic0'), /bootindex/);
});

test('a start from the CD puts it before the disks', () => {
  const args = qemuArguments({ ...START, source: 'cdrom', medium: '/lab/boot.iso' });

  assert.match(find(args, 'id=cdrom0'), /bootindex=0$/);
  assert.match(find(args, 'id=cd0'), /file=\/lab\/boot\.iso$/);
});

test('a comma in a path or name does not end the option', () => {
  const args = qemuArguments(START);

  assert.match(find(args, 'id=drive0'), /file=\/lab\/a,,b\.raw,discard=unmap/);
  assert.match(find(args, 'type=1'), /product=Lab,, the machine,serial/);
});

test('a BIOS machine has no UEFI variables', () => {
  const args = qemuArguments({ ...START, mode: 'bios' });

  assert.equal(find(args, 'pflash'), '');
});

test('Secure Boot takes its own firmware and system management mode', () => {
  const args = qemuArguments({ ...START, isSecureBootOn: true });

  assert.match(find(args, 'unit=0'), /secboot\.fd$/);
  assert.equal(args[args.indexOf('-machine') + 1], 'q35,smm=on');
});

test('a start from the network is by the loader that is asked for', () => {
  const card = (change: Partial<QemuStart>): string =>
    find(qemuArguments({ ...START, ...change }), 'id=nic0');

  assert.match(card({ source: 'network' }), /bootindex=1,netdev/);
  assert.match(card({ source: 'network', networkLoader: 'firmware' }), /bootindex=1,romfile=,/);
  assert.match(card({ source: 'network-http' }), /bootindex=1,romfile=,/);
});

test('a start by HTTP keeps the firmware from trying PXE first', () => {
  const start = { ...START, source: 'network-http' } as const;

  assert.match(find(qemuArguments(start), 'IPv4PXE'), /string=n$/);
  assert.equal(find(qemuArguments({ ...start, source: 'network' }), 'IPv4PXE'), '');
});

test('a BMC that is seen from inside is found again after its restart', () => {
  const args = qemuArguments({ ...START, kcsSocket: '/lab/kcs,1.sock' });

  assert.match(find(args, 'id=ipmi0'), /path=\/lab\/kcs,,1\.sock,reconnect=2$/);
  assert.equal(args.includes('isa-ipmi-kcs,bmc=bmc0'), true);
  assert.equal(find(qemuArguments(START), 'ipmi'), '');
});
