// Looking at a disk at places of which the disk cannot know: both ends, places drawn by chance, and places where
// something was found before. After erasing, all of them must be zeros.

import { createHash, randomInt } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

export type DiskLook = {
  readonly places: readonly number[];
  readonly nonZeroPlaces: readonly number[];
  /** SHA-256 over the content at all places, in order. */
  readonly digest: string;
};

export const SAMPLE_BYTES = 64 * 1024;
const RANDOM_PLACES = 64;
/** Partition tables, boot loaders and file system headers live here. */
const EDGE_PLACES = 16;
const ZEROS = Buffer.alloc(SAMPLE_BYTES);

export const choosePlaces = (diskBytes: number): number[] => {
  const last = Math.max(0, diskBytes - SAMPLE_BYTES);
  const edges = Array.from({ length: EDGE_PLACES }, (_, index) => index * SAMPLE_BYTES);
  const slots = Math.max(1, Math.floor(diskBytes / SAMPLE_BYTES));
  const drawn = Array.from({ length: RANDOM_PLACES }, () => randomInt(slots) * SAMPLE_BYTES);
  const all = [...edges, ...edges.map((offset) => last - offset), ...drawn];
  return [...new Set(all.map((offset) => Math.min(last, Math.max(0, offset))))].sort(
    (a, b) => a - b,
  );
};

export const lookAt = async (
  file: FileHandle,
  diskBytes: number,
  places: readonly number[],
): Promise<DiskLook> => {
  const hash = createHash('sha256');
  const nonZeroPlaces: number[] = [];
  const buffer = Buffer.alloc(SAMPLE_BYTES);
  for (const offset of places) {
    const wanted = Math.min(SAMPLE_BYTES, diskBytes - offset);
    const { bytesRead } = await file.read(buffer, 0, wanted, offset);
    const found = buffer.subarray(0, bytesRead);
    hash.update(found);
    if (ZEROS.compare(found, 0, bytesRead, 0, bytesRead) !== 0) nonZeroPlaces.push(offset);
  }
  return { places, nonZeroPlaces, digest: hash.digest('hex') };
};
