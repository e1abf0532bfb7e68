// The length of a ramdisk is rounded up, or UEFI machines would not find the configuration behind it.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openAlignedFile } from '#netboot/aligned-file';

let path: string;
before(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'bessemer-aligned-')), 'initramfs');
  await writeFile(path, 'abcde');
});
after(() => rm(join(path, '..'), { recursive: true }));

const part = async (alignmentBytes: number, start: number, end?: number): Promise<string> => {
  const file = await openAlignedFile(path, alignmentBytes);
  const chunks: Buffer[] = [];
  for await (const chunk of file.read(start, end ?? file.sizeBytes)) chunks.push(chunk);
  await file.close();
  return Buffer.concat(chunks).toString('latin1');
};

test('zeros follow up to the next round length, and any range of it can be read', async () => {
  assert.equal(await part(4, 0), 'abcde\0\0\0');
  assert.equal(await part(5, 0), 'abcde');
  assert.equal(await part(1, 0), 'abcde');
  assert.equal(await part(4, 3, 7), 'de\0\0');
  assert.equal(await part(4, 6, 8), '\0\0');
  assert.equal(await part(4, 1, 3), 'bc');
});
