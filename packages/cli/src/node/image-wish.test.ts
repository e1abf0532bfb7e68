import assert from 'node:assert/strict';
import { test } from 'node:test';

import { instanceInfoOf } from './image-wish.ts';

const URL = 'https://images.example/debian.raw';
const HEX = 'ab'.repeat(32);

test('a digest names its algorithm by its length', () => {
  const info = instanceInfoOf({ url: URL, checksum: HEX.toUpperCase(), format: undefined });

  assert.deepEqual(info, {
    image_source: URL,
    image_checksum: null,
    image_os_hash_algo: 'sha256',
    image_os_hash_value: HEX,
    image_disk_format: 'raw',
  });
});

test('a digest whose length contradicts its algorithm is refused', () => {
  assert.throws(
    () => instanceInfoOf({ url: URL, checksum: `sha512:${HEX}`, format: undefined }),
    /--checksum is sha256:HEX/,
  );
});

test('a file of checksums is handed on as it is, and an older digest goes', () => {
  const info = instanceInfoOf({ url: URL, checksum: `${URL}.sha256`, format: 'raw' });

  assert.equal(info['image_checksum'], `${URL}.sha256`);
  assert.equal(info['image_os_hash_value'], null);
});

test('a qcow2 image is known by its ending', () => {
  const info = instanceInfoOf({ url: 'https://x/y.qcow2', checksum: HEX, format: undefined });

  assert.equal(info['image_disk_format'], 'qcow2');
});
