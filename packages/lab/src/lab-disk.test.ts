import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskSerial, parseDisk } from './lab-disk.ts';
import { LabFailure } from './lab-failure.ts';

const GOOD = [
  { text: 'virtio:6G', wish: { bus: 'virtio', sizeBytes: 6 * 1024 ** 3, format: 'raw' } },
  { text: 'nvme:512M', wish: { bus: 'nvme', sizeBytes: 512 * 1024 ** 2, format: 'raw' } },
  { text: 'sata:8G:qcow2', wish: { bus: 'sata', sizeBytes: 8 * 1024 ** 3, format: 'qcow2' } },
];

for (const { text, wish } of GOOD) {
  test(`the disk ${text} is understood`, () => {
    assert.deepEqual(parseDisk(text), wish);
  });
}

for (const text of [
  '6G',
  'floppy:1M',
  'nvme:0M',
  'virtio:2000G',
  'sata:8G:vmdk',
  'nvme:1G,readonly=on',
]) {
  test(`the disk ${text} is refused`, () => {
    assert.throws(() => parseDisk(text), LabFailure);
  });
}

test('the serial of a disk depends on its machine and its place, and on nothing else', () => {
  assert.equal(diskSerial('a', 0), diskSerial('a', 0));
  assert.notEqual(diskSerial('a', 0), diskSerial('a', 1));
  assert.notEqual(diskSerial('a', 0), diskSerial('b', 0));
});
