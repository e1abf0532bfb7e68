import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheDirectory } from '@bessemer/protocol/paths';
import { labImage } from '#image/lab-image';

const isHostReady =
  process.getuid?.() === 0 &&
  ['/usr/bin/mmdebstrap', '/usr/sbin/sgdisk', '/usr/bin/grub-mkimage', '/usr/bin/cpio'].every(
    (file) => existsSync(file),
  );
const MIB = 1024 ** 2;

test(
  'the tiny image is a valid GPT disk with boot loaders for BIOS and UEFI, and is kept',
  { skip: isHostReady ? false : 'needs root and the packages that images are built with' },
  async () => {
    const directory = join(cacheDirectory(process.env), 'images');

    const image = await labImage({ kind: 'tiny', format: 'raw', directory });
    const packed = await labImage({ kind: 'tiny', format: 'raw.zst', directory });

    const disk = await readFile(image.file);
    assert.equal(createHash('sha256').update(disk).digest('hex'), image.sha256);
    assert.equal(image.virtualBytes, disk.length);
    assert.ok(disk.length <= 64 * MIB);
    assert.ok(packed.sizeBytes < disk.length);
    const checked = spawnSync('/usr/sbin/sgdisk', ['-v', image.file], { encoding: 'utf8' });
    assert.match(checked.stdout, /No problems found/u);
    const printed = spawnSync('/usr/sbin/sgdisk', ['-p', image.file], { encoding: 'utf8' });
    assert.match(printed.stdout, /EF02[\s\S]*EF00[\s\S]*8300/u);
    assert.equal(disk.readUInt16LE(510), 0xaa55);
  },
);
