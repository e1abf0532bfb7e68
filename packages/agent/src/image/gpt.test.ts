import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  addPartitionAtEnd,
  fitGpt,
  type Gpt,
  guidBytes,
  guidText,
  InvalidPartitionTable,
  LINUX_DATA_TYPE,
  parseGpt,
  readGptHeader,
  renderGpt,
} from './gpt.ts';

const SECTORS = 131_072;
const GUID = '01234567-89ab-cdef-0123-456789abcdef';

const empty: Gpt = {
  sectorBytes: 512,
  diskGuid: guidBytes(GUID),
  firstUsableLba: 34,
  lastUsableLba: SECTORS - 34,
  entryBytes: 128,
  entriesLba: 2,
  entries: Array.from({ length: 128 }, () => null),
};

const wanted = (sizeBytes: number) => ({
  name: 'config-2',
  typeGuid: LINUX_DATA_TYPE,
  partGuid: guidBytes(GUID),
  sizeBytes,
});

const readBack = (gpt: Gpt, sectors: number, which: 'primary' | 'backup'): Gpt => {
  const patches = renderGpt(gpt, sectors);
  const at = (offset: number): Buffer => {
    const found = patches.find((patch) => patch.offset === offset);
    assert.ok(found);
    return found.bytes;
  };
  const header = at((which === 'primary' ? 1 : sectors - 1) * 512);
  const place = readGptHeader(header);
  assert.ok(place);
  return parseGpt(header, at(place.entriesLba * 512));
};

test('a GUID is the same after bytes and text', () => {
  assert.equal(guidText(guidBytes(GUID)), GUID);
});

test('both ends of a disk hold the same table', () => {
  const { gpt } = addPartitionAtEnd(empty, wanted(1024 * 1024));

  const primary = readBack(gpt, SECTORS, 'primary');
  const backup = readBack(gpt, SECTORS, 'backup');

  assert.deepEqual(primary.entries, gpt.entries);
  assert.deepEqual(backup.entries, gpt.entries);
});

test('a table that is fitted to a larger disk may use its new end', () => {
  const fitted = fitGpt(empty, SECTORS * 2);

  assert.equal(fitted.lastUsableLba, SECTORS * 2 - 34);
});

test('a table whose partitions do not fit is refused', () => {
  const { gpt } = addPartitionAtEnd(empty, wanted(1024 * 1024));

  assert.throws(() => fitGpt(gpt, SECTORS / 2), InvalidPartitionTable);
});

test('one changed bit of a header is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 91 }), fc.integer({ min: 0, max: 7 }), (byte, bit) => {
      const header = renderGpt(empty, SECTORS).at(-1)?.bytes ?? Buffer.alloc(0);
      header[byte] = (header[byte] ?? 0) ^ (1 << bit);

      assert.throws(() => readGptHeader(header), InvalidPartitionTable);
    }),
  );
});

test('partitions that are added never overlap and stay inside', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 20 * 1024 * 1024 }), { maxLength: 12 });
  fc.assert(
    fc.property(sizes, (all) => {
      let gpt = empty;
      for (const sizeBytes of all) {
        try {
          gpt = addPartitionAtEnd(gpt, wanted(sizeBytes)).gpt;
        } catch (error) {
          assert.ok(error instanceof InvalidPartitionTable);
        }
      }
      const used = gpt.entries
        .filter((entry) => entry !== null)
        .sort((a, b) => a.firstLba - b.firstLba);
      let end = gpt.firstUsableLba - 1;
      for (const entry of used) {
        assert.ok(entry.firstLba > end && entry.lastLba >= entry.firstLba);
        end = entry.lastLba;
      }
      assert.ok(end <= gpt.lastUsableLba);
    }),
  );
});
