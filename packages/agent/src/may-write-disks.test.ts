import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from './command-failure.ts';
import { DiskWritePermit, isOwnRamdisk, requirePermit } from './may-write-disks.ts';

const ROOTFS = 'rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n';
const INSTALLED = 'rootfs / rootfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n';

for (const [name, marker, mounts, isOwn] of [
  ['the marker and a root in memory', '', ROOTFS, true],
  ['a root in memory without the marker', null, ROOTFS, false],
  ['the marker on an installed system', '', INSTALLED, false],
  ['the marker without known mounts', '', null, false],
] as const) {
  test(`${name} ${isOwn ? 'is' : 'is not'} our ramdisk`, () => {
    assert.equal(isOwnRamdisk(marker, mounts), isOwn);
  });
}

test('no permit, and nothing that only looks like one, is refused', () => {
  const lookAlike = Object.create(DiskWritePermit.prototype) as DiskWritePermit;

  assert.throws(() => requirePermit(null), CommandFailure);
  assert.throws(() => requirePermit({ reason: 'please' } as unknown as DiskWritePermit));
  assert.throws(() => requirePermit(lookAlike));
});

test('the permit of simulated disks is a permit', () => {
  const permit = DiskWritePermit.forSimulatedDisks();

  assert.equal(requirePermit(permit), permit);
});
