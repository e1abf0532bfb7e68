// Where a zstd frame ends. A compressed cluster is followed by whatever comes next in the file, often another
// frame, and the decompressor of Node.js would go on with that.

import { CommandFailure } from '../command-failure.ts';

const MAGIC = 0xfd2f_b528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_HEADER_BYTES = 3;
const BLOCK_RLE = 1;

/** The first frame of `bytes`. Throws InvalidImage when it is not whole. */
export const firstZstdFrame = (bytes: Buffer): Buffer => {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== MAGIC) throw broken();
  const descriptor = bytes.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = CONTENT_SIZE_BYTES[descriptor >> 6] ?? 0;
  let at =
    5 +
    (isSingleSegment ? 0 : 1) +
    (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) +
    (contentSize === 0 && isSingleSegment ? 1 : contentSize);
  for (let isLast = false; !isLast;) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) throw broken();
    const header = bytes.readUIntLE(at, BLOCK_HEADER_BYTES);
    isLast = (header & 1) === 1;
    const size = ((header >> 1) & 3) === BLOCK_RLE ? 1 : header >> 3;
    at += BLOCK_HEADER_BYTES + size;
  }
  // An optional checksum of the content follows the last block.
  const end = at + ((descriptor & 4) === 0 ? 0 : 4);
  if (end > bytes.length) throw broken();
  return bytes.subarray(0, end);
};

const broken = (): CommandFailure =>
  new CommandFailure('InvalidImage', 'a compressed cluster is no whole zstd frame', {
    failureCode: 'image.format',
  });
