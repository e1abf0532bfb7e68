// The disk inside a qcow2 image as a list of stretches in the order of the disk, so that it can be written without
// a copy of the file: read by ranges, one table at a time, memory bounded by one table. Every offset in a table is
// checked against the file before it is handed out.

import { Failure } from '../errors/failure.ts';
import type { Qcow2Header } from './qcow2-header.ts';

/** Returns exactly `lengthBytes` bytes of the file, or fewer at its end. */
export type ReadFile = (offsetBytes: number, lengthBytes: number) => Promise<Uint8Array>;

type Stretch = {
  /** On the disk. */
  readonly guestOffset: number;
  /** On the disk; of a compressed cluster: what is used of it once it is unpacked. */
  readonly length: number;
};

export type Qcow2Extent =
  | (Stretch & { readonly kind: 'zero' })
  /** `length` bytes at `hostOffset` of the file. */
  | (Stretch & { readonly kind: 'data'; readonly hostOffset: number })
  /**
   * One cluster. Between `hostOffset` and `hostLength` after it lies a compressed stream, which may end earlier
   * and unpacks to at most `header.clusterBytes`.
   */
  | (Stretch & {
      readonly kind: 'compressed';
      readonly hostOffset: number;
      readonly hostLength: number;
      readonly compression: Qcow2Header['compression'];
    });

const ENTRY_BYTES = 8;
const SECTOR_BYTES = 512;
/** So many bytes of the first table are held at a time. */
const L1_SLICE_BYTES = 64 * 1024;
const HIGH = 2 ** 32;

/** Bits of the upper half of an entry. */
const IS_COMPRESSED = 0x40_00_00_00;
const HIGH_OFFSET = 0x00_ff_ff_ff;
const HIGH_RESERVED = 0x3f_00_00_00;
/** And of the lower half. */
const LOW_OFFSET = 0xff_ff_fe_00;
const LOW_RESERVED = 0x00_00_01_fe;
const READS_ZERO = 0x00_00_00_01;

/**
 * Covers the disk from 0 to `virtualBytes` without gap or overlap; neighbours of one kind are joined. Throws
 * Failure `image.format` at the first entry that is not in order, after what came before it was handed out.
 */
export const qcow2Extents = async function* (
  read: ReadFile,
  header: Qcow2Header,
  fileBytes: number,
): AsyncGenerator<Qcow2Extent> {
  let last: Qcow2Extent | undefined;
  for await (const table of l2Tables(read, header, fileBytes)) {
    for (const extent of extentsOf(table, header, fileBytes)) {
      const joined = last === undefined ? undefined : join(last, extent);
      if (joined === undefined && last !== undefined) yield last;
      last = joined ?? extent;
    }
  }
  if (last !== undefined) yield last;
};

/** A second-level table, or the absence of one: then the stretch reads as zeros. */
type Table = Stretch & { readonly entries: DataView | undefined };

const l2Tables = async function* (
  read: ReadFile,
  header: Qcow2Header,
  fileBytes: number,
): AsyncGenerator<Table> {
  const { clusterBytes, l1Entries, virtualBytes } = header;
  const coveredBytes = clusterBytes * (clusterBytes / ENTRY_BYTES);
  const sliceEntries = L1_SLICE_BYTES / ENTRY_BYTES;
  for (let first = 0; first < l1Entries; first += sliceEntries) {
    const count = Math.min(sliceEntries, l1Entries - first);
    const slice = await readWhole(
      read,
      header.l1OffsetBytes + first * ENTRY_BYTES,
      count * ENTRY_BYTES,
    );
    for (let index = 0; index < count; index += 1) {
      const guestOffset = (first + index) * coveredBytes;
      const length = Math.min(coveredBytes, virtualBytes - guestOffset);
      const [high, low] = halves(slice, index);
      if ((high & (IS_COMPRESSED | HIGH_RESERVED)) !== 0 || (low & ~LOW_OFFSET) !== 0) {
        throw refused('an entry of its first table has unknown bits');
      }
      const tableOffset = offsetOf(high, low);
      if (tableOffset === 0) {
        yield { guestOffset, length, entries: undefined };
        continue;
      }
      requireCluster(tableOffset, clusterBytes);
      if (tableOffset + clusterBytes > fileBytes) throw refused('a table is not in the file');
      // Only the entries that the disk has; the rest of the last table means nothing.
      const neededBytes = Math.ceil(length / clusterBytes) * ENTRY_BYTES;
      yield { guestOffset, length, entries: await readWhole(read, tableOffset, neededBytes) };
    }
  }
};

const extentsOf = function* (
  { guestOffset, length, entries }: Table,
  header: Qcow2Header,
  fileBytes: number,
): Generator<Qcow2Extent> {
  if (entries === undefined) {
    yield { kind: 'zero', guestOffset, length };
    return;
  }
  const { clusterBytes } = header;
  for (let at = 0, index = 0; at < length; at += clusterBytes, index += 1) {
    const cluster = { guestOffset: guestOffset + at, length: Math.min(clusterBytes, length - at) };
    const [high, low] = halves(entries, index);
    if ((high & IS_COMPRESSED) !== 0) yield compressedExtent(cluster, high, low, header, fileBytes);
    else yield* plainExtents(cluster, high, low, header, fileBytes);
  }
};

const plainExtents = function* (
  cluster: Stretch,
  high: number,
  low: number,
  { version, clusterBytes }: Qcow2Header,
  fileBytes: number,
): Generator<Qcow2Extent> {
  const isZero = (low & READS_ZERO) !== 0;
  if ((high & HIGH_RESERVED) !== 0 || (low & LOW_RESERVED) !== 0 || (isZero && version === 2)) {
    throw refused('an entry of a table has unknown bits');
  }
  const hostOffset = offsetOf(high, low);
  requireCluster(hostOffset, clusterBytes);
  if (isZero || hostOffset === 0) {
    yield { kind: 'zero', ...cluster };
    return;
  }
  if (hostOffset >= fileBytes) throw refused('a cluster is not in the file');
  const { guestOffset } = cluster;
  const length = Math.min(cluster.length, fileBytes - hostOffset);
  yield { kind: 'data', guestOffset, length, hostOffset };
  if (length === cluster.length) return;
  // The last cluster of a file need not be complete: what is missing reads as zeros.
  yield { kind: 'zero', guestOffset: guestOffset + length, length: cluster.length - length };
};

const compressedExtent = (
  cluster: Stretch,
  high: number,
  low: number,
  { clusterBytes, compression }: Qcow2Header,
  fileBytes: number,
): Qcow2Extent => {
  // The offset has 62 - (clusterBits - 8) bits; above it stands the number of further sectors.
  const highOffsetBits = 62 - (Math.log2(clusterBytes) - 8) - 32;
  const value = high & 0x3f_ff_ff_ff;
  const hostOffset = (value % 2 ** highOffsetBits) * HIGH + low;
  const sectors = Math.floor(value / 2 ** highOffsetBits) + 1;
  if (hostOffset >= fileBytes) throw refused('a compressed cluster is not in the file');
  const hostLength = sectors * SECTOR_BYTES - (hostOffset % SECTOR_BYTES);
  return {
    kind: 'compressed',
    ...cluster,
    hostOffset,
    hostLength: Math.min(hostLength, fileBytes - hostOffset),
    compression,
  };
};

const join = (a: Qcow2Extent, b: Qcow2Extent): Qcow2Extent | undefined => {
  const length = a.length + b.length;
  if (a.kind === 'zero' && b.kind === 'zero') return { ...a, length };
  if (a.kind !== 'data' || b.kind !== 'data') return undefined;
  return a.hostOffset + a.length === b.hostOffset ? { ...a, length } : undefined;
};

const halves = (table: DataView, index: number): readonly [high: number, low: number] => [
  table.getUint32(index * ENTRY_BYTES),
  table.getUint32(index * ENTRY_BYTES + 4),
];

const offsetOf = (high: number, low: number): number =>
  (high & HIGH_OFFSET) * HIGH + ((low & LOW_OFFSET) >>> 0);

const requireCluster = (offsetBytes: number, clusterBytes: number): void => {
  if (offsetBytes % clusterBytes !== 0) throw refused('an offset is not that of a cluster');
};

const readWhole = async (
  read: ReadFile,
  offsetBytes: number,
  lengthBytes: number,
): Promise<DataView> => {
  const bytes = await read(offsetBytes, lengthBytes);
  if (bytes.length !== lengthBytes) throw refused('the file is cut short');
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

const refused = (reason: string): Failure =>
  new Failure('image.format', `The qcow2 image is refused: ${reason}.`);
