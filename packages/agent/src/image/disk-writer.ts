// Writing at positions of a disk: never past its end, runs of zeros left out where the disk is known to read as
// zeros, and places remembered that are read back at the end.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { CommandFailure } from '../command-failure.ts';
import type { DirectFile } from './direct-file.ts';

export type Sample = { readonly offset: number; readonly length: number; readonly digest: string };

export type DiskWriter = {
  readonly write: (bytes: Buffer, offset: number) => Promise<void>;
  readonly samples: () => readonly Sample[];
  readonly writtenBytes: () => number;
};

/** Zero runs are looked for in pieces of this size; comparing is one call, never a loop over bytes. */
const PIECE_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);
const SAMPLES_MAX = 64;
const SAMPLE_BYTES = 64 * 1024;

export const makeDiskWriter = (
  { file, direct }: { readonly file: FileHandle; readonly direct: DirectFile },
  diskBytes: number,
  skipsZeros: boolean,
): DiskWriter => {
  const samples = makeSamples();
  let written = 0;
  const throughCache = async (bytes: Buffer, offset: number): Promise<number> => {
    const { bytesWritten } = await file.write(bytes, 0, bytes.length, offset);
    if (bytesWritten === 0) throw new Error(`nothing could be written at ${offset}`);
    return bytesWritten;
  };
  const writeAll = async (bytes: Buffer, offset: number): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const left = bytes.subarray(done);
      const written = await direct.write(left, offset + done);
      done += written > 0 ? written : await throughCache(left, offset + done);
    }
    written += bytes.length;
  };
  return {
    write: async (bytes, offset) => {
      if (offset + bytes.length > diskBytes) throw tooLarge(diskBytes);
      samples.offer(bytes, offset);
      if (!skipsZeros) return writeAll(bytes, offset);
      for (const { from, to } of runsOfData(bytes)) {
        await writeAll(bytes.subarray(from, to), offset + from);
      }
    },
    samples: samples.list,
    writtenBytes: () => written,
  };
};

export const tooLarge = (diskBytes: number, imageBytes?: number): CommandFailure =>
  new CommandFailure(
    'ImageWriteError',
    `the image${imageBytes === undefined ? '' : ` of ${imageBytes} bytes`} does not fit on the disk of ${diskBytes} bytes`,
    { failureCode: 'image.too-large' },
  );

/** Stretches that hold anything but zeros, in order. */
export const runsOfData = (bytes: Buffer): { from: number; to: number }[] => {
  const runs: { from: number; to: number }[] = [];
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    const to = Math.min(from + PIECE_BYTES, bytes.length);
    if (ZEROS.compare(bytes, from, to, 0, to - from) === 0) continue;
    const last = runs.at(-1);
    if (last?.to === from) last.to = to;
    else runs.push({ from, to });
  }
  return runs;
};

/** Spread over the whole image without knowing its size: when full, every other is dropped. */
const makeSamples = () => {
  let kept: Sample[] = [];
  let every = 1;
  let seen = 0;
  return {
    offer: (bytes: Buffer, offset: number): void => {
      seen += 1;
      if ((seen - 1) % every !== 0) return;
      const part = bytes.subarray(0, SAMPLE_BYTES);
      const digest = createHash('sha256').update(part).digest('hex');
      kept.push({ offset, length: part.length, digest });
      if (kept.length < SAMPLES_MAX) return;
      kept = kept.filter((_, index) => index % 2 === 0);
      every *= 2;
    },
    list: () => kept,
  };
};
