import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Failure } from '../errors/failure.ts';
import { qcow2Extents, type Qcow2Extent } from './qcow2.ts';
import { readQcow2Header } from './qcow2-header.ts';

const CLUSTER_BYTES = 512;
const ENTRIES = CLUSTER_BYTES / 8;
const ZERO_FLAG = 1n;
const COMPRESSED_FLAG = 1n << 62n;
const COPIED_FLAG = 1n << 63n;

/** One letter a cluster: `.` not there, `z` zero flag, `d` data, `c` compressed (100 bytes). */
type Layout = string;

/** A version 3 image: header, first table, second tables, then clusters in the order of the disk. */
const makeImage = (layout: Layout, virtualBytes = layout.length * CLUSTER_BYTES): Uint8Array => {
  const tables = Math.ceil(layout.length / ENTRIES);
  const l1Clusters = Math.ceil((tables * 8) / CLUSTER_BYTES);
  const file = new Uint8Array((1 + l1Clusters + tables + layout.length) * CLUSTER_BYTES);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x51_46_49_fb);
  view.setUint32(4, 3);
  view.setUint32(20, 9);
  view.setBigUint64(24, BigInt(virtualBytes));
  view.setUint32(36, tables);
  view.setBigUint64(40, BigInt(CLUSTER_BYTES));
  view.setUint32(96, 4);
  view.setUint32(100, 104);
  for (let table = 0; table < tables; table += 1) {
    const at = (1 + l1Clusters + table) * CLUSTER_BYTES;
    view.setBigUint64(CLUSTER_BYTES + table * 8, BigInt(at) | COPIED_FLAG);
  }
  for (const [index, letter] of layout.split('').entries()) {
    const entry = (1 + l1Clusters) * CLUSTER_BYTES + index * 8;
    const host = (1 + l1Clusters + tables + index) * CLUSTER_BYTES;
    if (letter === 'z') view.setBigUint64(entry, ZERO_FLAG);
    if (letter === 'd') view.setBigUint64(entry, BigInt(host) | COPIED_FLAG);
    // Starts 7 bytes into its sector and ends within it: no further sectors.
    if (letter === 'c') view.setBigUint64(entry, BigInt(host + 7) | COMPRESSED_FLAG);
  }
  return file;
};

const extentsOf = async (file: Uint8Array, fileBytes = file.length): Promise<Qcow2Extent[]> => {
  const header = readQcow2Header(file.subarray(0, 65_536), fileBytes);
  const read = async (offset: number, length: number) => file.subarray(offset, offset + length);
  const extents: Qcow2Extent[] = [];
  for await (const extent of qcow2Extents(read, header, fileBytes)) extents.push(extent);
  return extents;
};

const isRefusal = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'image.format' || error.code === 'image.too-large');

const changed = (change: (view: DataView) => void, layout = 'dz.c'): Uint8Array => {
  const file = makeImage(layout);
  change(new DataView(file.buffer));
  return file;
};

test('stretches of one kind are joined, compressed clusters stand alone', async () => {
  assert.deepEqual(await extentsOf(makeImage('ddz.ccd')), [
    { kind: 'data', guestOffset: 0, length: 1024, hostOffset: 1536 },
    { kind: 'zero', guestOffset: 1024, length: 1024 },
    {
      kind: 'compressed',
      guestOffset: 2048,
      length: 512,
      hostOffset: 3591,
      hostLength: 505,
      compression: 'deflate',
    },
    {
      kind: 'compressed',
      guestOffset: 2560,
      length: 512,
      hostOffset: 4103,
      hostLength: 505,
      compression: 'deflate',
    },
    { kind: 'data', guestOffset: 3072, length: 512, hostOffset: 4608 },
  ]);
});

test('what the file lacks of its last cluster reads as zeros', async () => {
  const whole = makeImage('d');
  const file = whole.subarray(0, whole.length - 100);

  assert.deepEqual(await extentsOf(file), [
    { kind: 'data', guestOffset: 0, length: 412, hostOffset: 1536 },
    { kind: 'zero', guestOffset: 412, length: 100 },
  ]);
});

test('whatever the layout, the stretches cover the disk and show each cluster as it is', async () => {
  const anyLayout = fc
    .array(fc.constantFrom('.', 'z', 'd', 'c'), { minLength: 1, maxLength: 200 })
    .map((letters) => letters.join(''));
  await fc.assert(
    fc.asyncProperty(anyLayout, async (layout) => {
      let shown = '';
      let end = 0;
      for (const { kind, guestOffset, length } of await extentsOf(makeImage(layout))) {
        assert.equal(guestOffset, end);
        end += length;
        shown += { zero: '.', data: 'd', compressed: 'c' }[kind].repeat(length / CLUSTER_BYTES);
      }

      assert.equal(shown, layout.replaceAll('z', '.'));
    }),
  );
});

test('an altered image is refused or still stays within its file and its disk', async () => {
  const original = makeImage('dz.cd'.repeat(20));
  const anyByte = fc.record({ at: fc.nat(511 + 4 * 512), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(anyByte, { minLength: 1, maxLength: 4 }), async (bytes) => {
      const file = Uint8Array.from(original);
      for (const { at, value } of bytes) file[at] = value;

      try {
        const header = readQcow2Header(file, file.length);
        // Enough of a hostile size to see what it does.
        if (header.l1Entries > 100) return;
        let end = 0;
        for (const extent of await extentsOf(file)) {
          assert.equal(extent.guestOffset, end);
          end += extent.length;
          if (extent.kind === 'zero') continue;
          const held = extent.kind === 'data' ? extent.length : extent.hostLength;
          assert.ok(held > 0 && extent.hostOffset + held <= file.length);
        }
        assert.equal(end, header.virtualBytes);
      } catch (error) {
        assert.ok(isRefusal(error), String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test('each rule of the header refuses and names itself', async () => {
  const cases: readonly (readonly [RegExp, (view: DataView) => void])[] = [
    [/it is no qcow2/, (view) => view.setUint32(0, 0)],
    [/version 4/, (view) => view.setUint32(4, 4)],
    [/backing file/, (view) => view.setBigUint64(8, 200n)],
    [/clusters of 2\^8 bytes/, (view) => view.setUint32(20, 8)],
    [/clusters of 2\^22 bytes/, (view) => view.setUint32(20, 22)],
    [/encrypted/, (view) => view.setUint32(32, 1)],
    [/empty disk/, (view) => view.setBigUint64(24, 0n)],
    [/whole sectors/, (view) => view.setBigUint64(24, 1000n)],
    [/claims a disk of 9223372036854775808/, (view) => view.setBigUint64(24, 1n << 63n)],
    [/first table is too small/, (view) => view.setBigUint64(24, 1n << 40n)],
    [/first table is too small/, (view) => view.setUint32(36, 0)],
    [/first table is not in the file/, (view) => view.setBigUint64(40, 0n)],
    [/first table is not in the file/, (view) => view.setBigUint64(40, 513n)],
    [/first table is not in the file/, (view) => view.setBigUint64(40, 1n << 50n)],
    [/not closed cleanly/, (view) => view.setUint32(76, 1)],
    [/corrupt/, (view) => view.setUint32(76, 2)],
    [/in another file/, (view) => view.setUint32(76, 4)],
    [/compression/, (view) => view.setUint32(76, 8)],
    [/subclusters/, (view) => view.setUint32(76, 16)],
    [/unknown feature/, (view) => view.setUint32(76, 32)],
    [/unknown feature/, (view) => view.setUint32(72, 1)],
    [/no valid length/, (view) => view.setUint32(100, 96)],
    [/no valid length/, (view) => view.setUint32(100, 1024)],
    [/in another file/, (view) => view.setUint32(104, 0x44_41_54_41)],
    [/encrypted/, (view) => view.setUint32(104, 0x05_37_be_77)],
    [
      /first table is too large/,
      (view) => {
        view.setBigUint64(24, 1n << 40n);
        view.setUint32(36, 0x7f_ff_ff_ff);
      },
    ],
    [
      /extensions do not end/,
      (view) => {
        view.setUint32(104, 1);
        view.setUint32(108, 0xff_ff_ff_ff);
      },
    ],
  ];
  for (const [text, change] of cases) {
    await assert.rejects(extentsOf(changed(change)), (error: Error) => {
      assert.match(error.message, text);
      return isRefusal(error);
    });
  }
});

test('each rule of the tables refuses and names itself', async () => {
  const l1 = 512;
  const l2 = 1024;
  const cases: readonly (readonly [RegExp, (view: DataView) => void])[] = [
    [/first table has unknown bits/, (view) => view.setBigUint64(l1, 1024n | 1n)],
    [/first table has unknown bits/, (view) => view.setBigUint64(l1, 1024n | (1n << 60n))],
    [/a table is not in the file/, (view) => view.setBigUint64(l1, 1n << 40n)],
    [/unknown bits/, (view) => view.setBigUint64(l2, 1536n | 2n)],
    [/unknown bits/, (view) => view.setBigUint64(l2, 1536n | (1n << 57n))],
    [/a cluster is not in the file/, (view) => view.setBigUint64(l2, 1n << 40n)],
    [/compressed cluster is not/, (view) => view.setBigUint64(l2, COMPRESSED_FLAG | (1n << 40n))],
  ];
  for (const [text, change] of cases) {
    await assert.rejects(extentsOf(changed(change)), (error: Error) => {
      assert.match(error.message, text);
      return isRefusal(error);
    });
  }
});

test('an image that is cut short anywhere is refused or reads as zeros behind its end', async () => {
  const file = makeImage('dddd');
  for (let length = 0; length < file.length; length += 64) {
    try {
      for (const extent of await extentsOf(file.subarray(0, length))) {
        if (extent.kind === 'data') assert.ok(extent.hostOffset + extent.length <= length);
      }
    } catch (error) {
      assert.ok(isRefusal(error), String(error));
    }
  }
});
