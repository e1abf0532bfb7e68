// The chunked transfer coding, for image servers that do not know the size beforehand.

import { TransferBroken } from './transfer-broken.ts';

/** A size line with its extensions. */
const LINE_BYTES_MAX = 1024;

export const makeChunkedBody = async function* (
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let line = '';
  /** Data bytes left in this chunk; -1 while a size line is read. */
  let left = -1;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      if (left > 0) {
        const part = bytes.subarray(at, at + left);
        at += part.length;
        left -= part.length;
        yield part;
        if (left === 0) left = -1;
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      line += bytes.toString('latin1', at, end === -1 ? bytes.length : end);
      at = end === -1 ? bytes.length : end + 1;
      if (line.length > LINE_BYTES_MAX) throw new TransferBroken('a chunk has no usable size');
      if (end === -1) continue;
      const size = line.trim();
      line = '';
      // The line end after a chunk's data.
      if (size === '') continue;
      left = sizeOf(size);
      if (left === 0) return;
    }
  }
  throw new TransferBroken('the download ended within a chunk');
};

const sizeOf = (line: string): number => {
  const digits = /^([0-9a-fA-F]{1,12})\s*(?:;|$)/.exec(line)?.[1];
  if (digits === undefined) throw new TransferBroken('a chunk has no usable size');
  return Number.parseInt(digits, 16);
};
