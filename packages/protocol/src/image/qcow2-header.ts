// The header of a qcow2 image, judged before anything else looks at the file. Images come from strangers: only what
// is needed to copy one self-contained disk is accepted, and each rule names itself when it refuses.

import { Failure } from '../errors/failure.ts';

export type Qcow2Header = {
  readonly version: 2 | 3;
  /** Size of the disk that the image holds. */
  readonly virtualBytes: number;
  readonly clusterBytes: number;
  /** Where the first-level table lies in the file, and how many of its entries the disk needs. */
  readonly l1OffsetBytes: number;
  readonly l1Entries: number;
  /** Of compressed clusters; `deflate` is raw, without zlib's header. */
  readonly compression: 'deflate' | 'zstd';
};

/** As much of the beginning of a file as the header can need; a shorter file is handed in whole. */
export const QCOW2_HEAD_BYTES = 64 * 1024;

const MAGIC = 0x51_46_49_fb;
const HEADER_BYTES = { 2: 72, 3: 104 } as const;
const CLUSTER_BITS_MIN = 9;
const CLUSTER_BITS_MAX = 21;
/** Limit of the reference implementation; enough for 2 EiB at the largest clusters. */
const L1_BYTES_MAX = 32 * 1024 * 1024;
const ENTRY_BYTES = 8;
const SECTOR_BYTES = 512;

const DIRTY = 0b00001;
const CORRUPT = 0b00010;
const EXTERNAL_DATA = 0b00100;
const COMPRESSION_TYPE = 0b01000;
const EXTENDED_ENTRIES = 0b10000;

const EXTENSION_END = 0;
const EXTENSION_EXTERNAL_DATA = 0x44_41_54_41;
const EXTENSION_ENCRYPTION = 0x05_37_be_77;
/** A legitimate image has half a dozen. */
const EXTENSIONS_MAX = 64;

/** `head`: the first QCOW2_HEAD_BYTES of the file. Throws Failure `image.format` or `image.too-large`. */
export const readQcow2Header = (head: Uint8Array, fileBytes: number): Qcow2Header => {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < HEADER_BYTES[2] || view.getUint32(0) !== MAGIC) throw refused('it is no qcow2');
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw refused(`version ${version} is not supported`);
  if (head.length < HEADER_BYTES[version]) throw refused('the header is cut short');
  const headerBytes = version === 2 ? HEADER_BYTES[2] : view.getUint32(100);
  requireSelfContained(view);
  const clusterBits = view.getUint32(20);
  if (clusterBits < CLUSTER_BITS_MIN || clusterBits > CLUSTER_BITS_MAX) {
    throw refused(`clusters of 2^${clusterBits} bytes are not allowed`);
  }
  const clusterBytes = 2 ** clusterBits;
  if (version === 3) {
    requireKnownFeatures(view);
    if (headerBytes < HEADER_BYTES[3] || headerBytes % 8 !== 0 || headerBytes > clusterBytes) {
      throw refused('the header has no valid length');
    }
  }
  checkExtensions(view, headerBytes, Math.min(clusterBytes, head.length));
  const virtualBytes = readSize(view);
  const l1Entries = Math.ceil(virtualBytes / (clusterBytes * (clusterBytes / ENTRY_BYTES)));
  return {
    version,
    virtualBytes,
    clusterBytes,
    l1Entries,
    l1OffsetBytes: readTableOffset(view, { l1Entries, clusterBytes, fileBytes }),
    compression: version === 3 ? compressionOf(view, headerBytes) : 'deflate',
  };
};

const requireSelfContained = (view: DataView): void => {
  if (view.getBigUint64(8) !== 0n) throw refused('it has a backing file');
  if (view.getUint32(32) !== 0) throw refused('it is encrypted');
};

const requireKnownFeatures = (view: DataView): void => {
  const [high, low] = [view.getUint32(72), view.getUint32(76)];
  if ((low & EXTERNAL_DATA) !== 0) throw refused('its data is in another file');
  if ((low & EXTENDED_ENTRIES) !== 0) throw refused('it has subclusters (extended_l2)');
  if ((low & CORRUPT) !== 0) throw refused('it is marked as corrupt');
  if ((low & DIRTY) !== 0) throw refused('it was not closed cleanly; run qemu-img check -r all');
  if (high !== 0 || (low & ~COMPRESSION_TYPE) !== 0) throw refused('it has an unknown feature');
};

/** They must be readable to know that none of them names another file. */
const checkExtensions = (view: DataView, start: number, end: number): void => {
  let offset = start;
  for (let count = 0; offset + 8 <= end; count += 1) {
    const type = view.getUint32(offset);
    const lengthBytes = view.getUint32(offset + 4);
    if (type === EXTENSION_END) return;
    if (type === EXTENSION_EXTERNAL_DATA) throw refused('its data is in another file');
    if (type === EXTENSION_ENCRYPTION) throw refused('it is encrypted');
    offset += 8 + Math.ceil(lengthBytes / 8) * 8;
    if (offset > end || count > EXTENSIONS_MAX) throw refused('the header extensions do not end');
  }
};

const readSize = (view: DataView): number => {
  const sizeBytes = view.getBigUint64(24);
  if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Failure('image.too-large', `The qcow2 image claims a disk of ${sizeBytes} bytes.`);
  }
  if (sizeBytes === 0n) throw refused('it holds an empty disk');
  if (sizeBytes % BigInt(SECTOR_BYTES) !== 0n) throw refused('its size is not in whole sectors');
  return Number(sizeBytes);
};

const readTableOffset = (
  view: DataView,
  needed: { readonly l1Entries: number; readonly clusterBytes: number; readonly fileBytes: number },
): number => {
  const neededBytes = needed.l1Entries * ENTRY_BYTES;
  const offsetBytes = Number(view.getBigUint64(40));
  if (view.getUint32(36) < needed.l1Entries) throw refused('its first table is too small');
  if (neededBytes > L1_BYTES_MAX) throw refused('its first table is too large');
  const isInside = offsetBytes > 0 && offsetBytes + neededBytes <= needed.fileBytes;
  if (!isInside || offsetBytes % needed.clusterBytes !== 0) {
    throw refused('its first table is not in the file');
  }
  return offsetBytes;
};

const compressionOf = (view: DataView, headerBytes: number): Qcow2Header['compression'] => {
  const isNamed = (view.getUint32(76) & COMPRESSION_TYPE) !== 0;
  const type = headerBytes > HEADER_BYTES[3] ? view.getUint8(104) : 0;
  if (type === 0 && !isNamed) return 'deflate';
  if (type === 1 && isNamed) return 'zstd';
  throw refused('its compression is not known');
};

const refused = (reason: string): Failure =>
  new Failure('image.format', `The qcow2 image is refused: ${reason}.`);
