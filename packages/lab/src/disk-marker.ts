// Text written to a machine's disk behind the back of everything, and looked for later: what an erased disk
// must not hold any more. Works on raw files; the machine must be off while it is planted.

import { open } from 'node:fs/promises';
import type { DiskSpec } from './lab-disk.ts';
import { LabFailure } from './lab-failure.ts';

const CHUNK_BYTES = 8 * 1024 ** 2;
const MARKER_BYTES_MAX = 512;
const MATCH_COUNT_MAX = 100;
/** Places where no image, partition table or config drive happens to be written. */
const PLACES = [0.31, 0.57, 0.83];
const SECTOR_BYTES = 4096;

export type MarkerMatch = { readonly disk: string; readonly offsetBytes: number };

const markerBytes = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length < 8 || bytes.length > MARKER_BYTES_MAX) {
    throw new LabFailure(
      `a marker has 8 to ${MARKER_BYTES_MAX} bytes: shorter ones occur by chance`,
    );
  }
  return bytes;
};

export const plantMarker = async (
  disks: readonly DiskSpec[],
  text: string,
): Promise<readonly MarkerMatch[]> => {
  const bytes = markerBytes(text);
  const planted: MarkerMatch[] = [];
  for (const disk of rawOnly(disks)) {
    const file = await open(disk.path, 'r+');
    try {
      for (const place of PLACES) {
        const offsetBytes = Math.floor((disk.sizeBytes * place) / SECTOR_BYTES) * SECTOR_BYTES;
        await file.write(bytes, 0, bytes.length, offsetBytes);
        planted.push({ disk: disk.path, offsetBytes });
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return planted;
};

export const findMarker = async (
  disks: readonly DiskSpec[],
  text: string,
): Promise<readonly MarkerMatch[]> => {
  const bytes = markerBytes(text);
  const found: MarkerMatch[] = [];
  for (const disk of rawOnly(disks)) {
    for await (const offsetBytes of matches(disk.path, bytes)) {
      found.push({ disk: disk.path, offsetBytes });
      if (found.length >= MATCH_COUNT_MAX) return found;
    }
  }
  return found;
};

const rawOnly = (disks: readonly DiskSpec[]): readonly DiskSpec[] => {
  if (disks.some((disk) => disk.format !== 'raw')) {
    throw new LabFailure(
      'markers need raw disks: a qcow2 file does not show what the machine reads',
    );
  }
  return disks;
};

const matches = async function* (path: string, bytes: Buffer): AsyncGenerator<number> {
  const file = await open(path, 'r');
  try {
    // The end of each chunk is kept in front of the next: a marker may lie across the border.
    const overlap = bytes.length - 1;
    const buffer = Buffer.alloc(overlap + CHUNK_BYTES);
    for (let offset = 0; ;) {
      const { bytesRead } = await file.read(buffer, overlap, CHUNK_BYTES, offset);
      if (bytesRead === 0) return;
      const window = buffer.subarray(0, overlap + bytesRead);
      let at = window.indexOf(bytes);
      while (at !== -1) {
        yield offset - overlap + at;
        at = window.indexOf(bytes, at + 1);
      }
      buffer.copy(buffer, 0, bytesRead, bytesRead + overlap);
      offset += bytesRead;
    }
  } finally {
    await file.close();
  }
};
