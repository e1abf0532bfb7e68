import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDirect, makeAlignedMemory } from '#image/direct-file';
import { makeDiskWriter } from '#image/disk-writer';

const DISK_BYTES = 1024 * 1024;
const PAGE_BYTES = 4_096;

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-writer-'));
});
after(() => rm(directory, { recursive: true }));

/** What the disk holds after these writes, each from aligned memory. */
const written = async (
  name: string,
  writes: readonly { readonly bytes: Buffer; readonly offset: number }[],
): Promise<Buffer> => {
  const path = join(directory, name);
  const file = await open(path, 'w+');
  await file.truncate(DISK_BYTES);
  const direct = await openDirect(file);
  const writer = makeDiskWriter({ file, direct }, DISK_BYTES, false);
  for (const { bytes, offset } of writes) await writer.write(bytes, offset);
  await direct.close();
  await file.close();
  return readFile(path);
};

const aligned = (length: number): Buffer => {
  const bytes = Buffer.from(makeAlignedMemory(Math.max(PAGE_BYTES, length))).subarray(0, length);
  randomBytes(length).copy(bytes);
  return bytes;
};

const CASES = [
  { what: 'whole pages', length: 3 * PAGE_BYTES, offset: 2 * PAGE_BYTES },
  { what: 'pages and a rest', length: 3 * PAGE_BYTES + 100, offset: 0 },
  { what: 'less than a page', length: 100, offset: PAGE_BYTES },
  { what: 'pages at an odd place', length: 2 * PAGE_BYTES, offset: 512 },
  { what: 'the end of the disk', length: PAGE_BYTES, offset: DISK_BYTES - PAGE_BYTES },
] as const;

for (const { what, length, offset } of CASES) {
  test(`what is written is on the disk and nothing else: ${what}`, async () => {
    const bytes = aligned(length);

    const disk = await written(what.replaceAll(' ', '-'), [{ bytes, offset }]);

    const expected = Buffer.alloc(DISK_BYTES);
    bytes.copy(expected, offset);
    assert.ok(disk.equals(expected));
  });
}

test('writes past the page cache and through it see each other', async () => {
  const first = aligned(4 * PAGE_BYTES);
  const patch = Buffer.from('through the cache');
  const last = aligned(PAGE_BYTES);

  const disk = await written('mixed', [
    { bytes: first, offset: 0 },
    { bytes: patch, offset: 100 },
    { bytes: last, offset: PAGE_BYTES },
  ]);

  patch.copy(first, 100);
  last.copy(first, PAGE_BYTES);
  assert.ok(disk.subarray(0, first.length).equals(first));
});
