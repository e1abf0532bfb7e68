// A file on an image server, read at any place. Each mebibyte is compared with the digest that it had when the
// whole file was checked: a server (or somebody between) that answers differently the second time is found out at
// once, whatever its ETag says.

import { createHash } from 'node:crypto';
import { CommandFailure } from '../command-failure.ts';
import { PIECE_BYTES, PIECE_DIGEST_BYTES } from './hash-thread.ts';
import { type ImageServerOptions, openImage } from './image-server.ts';
import type { RetryBudget } from './retry-budget.ts';
import { TransferBroken } from './transfer-broken.ts';

export type CheckedFile = {
  readonly url: string;
  readonly fileBytes: number;
  /** SHA-256 of each piece in order. */
  readonly pieces: Buffer;
};

export type PieceReader = {
  /** The piece that `offset` lies in, and where it begins. Good until the next call. */
  readonly pieceAt: (offset: number) => Promise<{ readonly bytes: Buffer; readonly start: number }>;
  /** A copy; shorter at the end of the file. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
};

/** One request brings so many: most files are read nearly in order. */
const READ_AHEAD_PIECES = 8;
const CACHED_PIECES = 16;

export const makePieceReader = (
  server: ImageServerOptions,
  file: CheckedFile,
  budget: RetryBudget,
): PieceReader => {
  const cache = new Map<number, Buffer>();
  const pieceCount = Math.ceil(file.fileBytes / PIECE_BYTES);

  const keep = (index: number, bytes: Buffer): void => {
    cache.set(index, bytes);
    const [oldest] = cache.keys();
    if (cache.size > CACHED_PIECES && oldest !== undefined) cache.delete(oldest);
  };

  const piece = async (index: number): Promise<Buffer> => {
    for (;;) {
      const cached = cache.get(index);
      if (cached !== undefined) return cached;
      try {
        await fetchPieces(index, Math.min(pieceCount, index + READ_AHEAD_PIECES));
      } catch (error) {
        if (!(error instanceof TransferBroken)) throw error;
        await budget.spend(error.message, null);
      }
    }
  };

  const fetchPieces = async (first: number, end: number): Promise<void> => {
    const from = first * PIECE_BYTES;
    const to = Math.min(file.fileBytes, end * PIECE_BYTES) - 1;
    const { body, isRange } = await openImage(server, file.url, { from, to });
    if (!isRange) {
      body.destroy();
      throw new CommandFailure(
        'ImageDownloadError',
        'the image server does not answer requests for ranges, which a qcow2 image needs',
        { failureCode: 'image.download' },
      );
    }
    let index = first;
    let bytes = Buffer.allocUnsafeSlow(sizeOf(index));
    let filled = 0;
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length && index < end;) {
        const copied = chunk.copy(bytes, filled, at);
        filled += copied;
        at += copied;
        if (filled < bytes.length) continue;
        requireSame(index, bytes);
        keep(index, bytes);
        index += 1;
        filled = 0;
        bytes = Buffer.allocUnsafeSlow(sizeOf(index));
      }
    }
    if (index === first) throw new TransferBroken(`the download ended at byte ${from + filled}`);
  };

  const sizeOf = (index: number): number =>
    Math.max(0, Math.min(PIECE_BYTES, file.fileBytes - index * PIECE_BYTES));

  const requireSame = (index: number, bytes: Buffer): void => {
    const at = index * PIECE_DIGEST_BYTES;
    const wanted = file.pieces.subarray(at, at + PIECE_DIGEST_BYTES);
    if (createHash('sha256').update(bytes).digest().equals(wanted)) return;
    throw new CommandFailure(
      'ImageChecksumError',
      `the image changed on its server between checking and writing, at byte ${index * PIECE_BYTES}`,
      { failureCode: 'image.checksum-mismatch' },
    );
  };

  const pieceAt = async (offset: number): Promise<{ bytes: Buffer; start: number }> => {
    const index = Math.floor(offset / PIECE_BYTES);
    return { bytes: await piece(index), start: index * PIECE_BYTES };
  };

  return {
    pieceAt,
    read: async (offset, length) => {
      const end = Math.min(file.fileBytes, offset + length);
      const parts: Buffer[] = [];
      for (let at = offset; at < end;) {
        const { bytes, start } = await pieceAt(at);
        const part = Buffer.from(bytes.subarray(at - start, end - start));
        parts.push(part);
        at += part.length;
      }
      return Buffer.concat(parts);
    },
  };
};
