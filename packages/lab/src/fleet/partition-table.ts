// Where the partitions of a disk file lie: GPT, or the four entries of an MBR. Enough for the lab's firmware to
// find a config drive; it repairs nothing.

import type { FileHandle } from 'node:fs/promises';

export type Partition = { readonly offsetBytes: number; readonly sizeBytes: number };

const SECTOR_BYTES_CANDIDATES = [512, 4096] as const;
const GPT_ENTRY_COUNT_MAX = 256;
const GPT_ENTRY_BYTES_MIN = 128;
const GPT_ENTRY_BYTES_MAX = 4096;
const MBR_SIGNATURE = 0xaa55;
const MBR_TYPE_PROTECTIVE = 0xee;

/** undefined: no boot signature and no table, so firmware would find nothing to boot. */
export const readPartitions = async (
  file: FileHandle,
): Promise<readonly Partition[] | undefined> => {
  for (const sectorBytes of SECTOR_BYTES_CANDIDATES) {
    const partitions = await readGpt(file, sectorBytes);
    if (partitions !== undefined) return partitions;
  }
  return readMbr(file);
};

const readAt = async (file: FileHandle, offset: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  await file.read(buffer, 0, length, offset);
  return buffer;
};

const readGpt = async (
  file: FileHandle,
  sectorBytes: number,
): Promise<readonly Partition[] | undefined> => {
  const header = await readAt(file, sectorBytes, 92);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const entryCount = Math.min(header.readUInt32LE(80), GPT_ENTRY_COUNT_MAX);
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < GPT_ENTRY_BYTES_MIN || entryBytes > GPT_ENTRY_BYTES_MAX) return undefined;
  const entriesOffset = Number(header.readBigUInt64LE(72)) * sectorBytes;
  const entries = await readAt(file, entriesOffset, entryCount * entryBytes);
  const partitions: Partition[] = [];
  for (let index = 0; index < entryCount; index += 1) {
    const entry = entries.subarray(index * entryBytes, (index + 1) * entryBytes);
    if (entry.subarray(0, 16).every((byte) => byte === 0)) continue;
    const first = Number(entry.readBigUInt64LE(32));
    const last = Number(entry.readBigUInt64LE(40));
    if (last < first) continue;
    partitions.push({
      offsetBytes: first * sectorBytes,
      sizeBytes: (last - first + 1) * sectorBytes,
    });
  }
  return partitions;
};

const readMbr = async (file: FileHandle): Promise<readonly Partition[] | undefined> => {
  const sector = await readAt(file, 0, 512);
  if (sector.readUInt16LE(510) !== MBR_SIGNATURE) return undefined;
  return [0, 1, 2, 3]
    .map((index) => sector.subarray(446 + index * 16, 462 + index * 16))
    .filter((entry) => entry[4] !== 0 && entry[4] !== MBR_TYPE_PROTECTIVE)
    .map((entry) => ({
      offsetBytes: entry.readUInt32LE(8) * 512,
      sizeBytes: entry.readUInt32LE(12) * 512,
    }));
};
