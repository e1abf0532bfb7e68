// Text written to a machine's disk behind the back of everything, and looked for later: what an erased disk
// must not hold any more. Works on raw files; the machine must be off while it is planted.

import { open } from 'node:fs/promises';
import { runProgram } from './host/run-program.ts';
import type { DiskSpec } from './lab-disk.ts';
import { LabFailure } from './lab-failure.ts';

/** Shorter ones occur by chance, longer ones are not needed. */
const MARKER_PATTERN = /^[\x20-\x7e]{8,256}$/;
/** Parts of the disk where no image, partition table or config drive happens to be written. */
const PLACES = [0.31, 0.57, 0.83];
const SECTOR_BYTES = 4096;
/** A disk without holes is read at a few hundred MB/s. */
const SEARCH_MS_MAX = 300_000;

const checkMarker = (disks: readonly DiskSpec[], text: string): void => {
  if (!MARKER_PATTERN.test(text)) {
    throw new LabFailure('a marker has 8 to 256 printable ASCII characters');
  }
  if (disks.some((disk) => disk.format !== 'raw')) {
    throw new LabFailure(
      'markers need raw disks: a qcow2 file does not show what the machine reads',
    );
  }
};

/** Paths of the disks, one for each place that was written. */
export const plantMarker = async (
  disks: readonly DiskSpec[],
  text: string,
): Promise<readonly string[]> => {
  checkMarker(disks, text);
  const planted: string[] = [];
  for (const disk of disks) {
    const file = await open(disk.path, 'r+');
    try {
      for (const place of PLACES) {
        const offset = Math.floor((disk.sizeBytes * place) / SECTOR_BYTES) * SECTOR_BYTES;
        await file.write(Buffer.from(text), 0, text.length, offset);
        planted.push(disk.path);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return planted;
};

/** Paths of the disks that hold the text anywhere. */
export const findMarker = async (
  disks: readonly DiskSpec[],
  text: string,
): Promise<readonly string[]> => {
  checkMarker(disks, text);
  const found: string[] = [];
  for (const disk of disks) {
    // grep leaps over the holes of a sparse file, which Node.js cannot: 6 GiB in milliseconds, not in 15 s.
    const list = await runProgram('grep', ['-l', '-F', '-e', text, disk.path], {
      timeoutMs: SEARCH_MS_MAX,
      acceptedStatuses: [1],
    });
    if (list.trim() !== '') found.push(disk.path);
  }
  return found;
};
