// Where a zstd frame ends (RFC 8878). Compressed clusters of qcow2 lie in whole sectors, so what follows a frame is
// left over from elsewhere, and a decompressor that reads on takes it for a broken next frame.

import { Failure } from '../errors/failure.ts';

const MAGIC = 0xfd_2f_b5_28;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** By the two bits of the frame's descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** Length of the frame that `bytes` begins with. Throws Failure `image.format` when it does not end in them. */
export const zstdFrameBytes = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (end: number): void => {
    if (end > bytes.length) throw refused();
  };
  need(5);
  if (view.getUint32(0, true) !== MAGIC) throw refused();
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const contentSize = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3];
  const dictionaryId = DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  const window = isSingleSegment ? 0 : 1;
  let offset = 5 + window + dictionaryId + (isSingleSegment && contentSize === 0 ? 1 : contentSize);
  for (let isLast = false; !isLast;) {
    need(offset + BLOCK_HEADER_BYTES);
    const header = view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
    isLast = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    if (type !== RAW_BLOCK && type !== RLE_BLOCK && type !== COMPRESSED_BLOCK) throw refused();
    offset += BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : header >> 3);
  }
  const end = offset + (hasChecksum ? CHECKSUM_BYTES : 0);
  need(end);
  return end;
};

const refused = (): Failure =>
  new Failure('image.format', 'The image is refused: a compressed part is not a whole zstd frame.');
