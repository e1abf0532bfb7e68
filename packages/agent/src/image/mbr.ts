// The old partition table, pure: four entries in the first sector.

import { InvalidPartitionTable } from './gpt.ts';

export type MbrEntry = {
  /** From 1. */
  readonly number: number;
  readonly type: number;
  readonly firstLba: number;
  readonly sectors: number;
};

const ENTRY_OFFSET = 446;
const ENTRY_BYTES = 16;
const SIGNATURE_OFFSET = 510;
const SIGNATURE = 0xaa55;
const DISK_ID_OFFSET = 440;
const TYPE_LINUX = 0x83;
const SECTORS_MAX = 0xffff_ffff;
/** Geometry that says "look at the sector numbers". */
const NO_GEOMETRY = Buffer.from([0xfe, 0xff, 0xff]);

export const hasMbrSignature = (sector: Buffer): boolean =>
  sector.readUInt16LE(SIGNATURE_OFFSET) === SIGNATURE;

export const readMbrEntries = (sector: Buffer): MbrEntry[] =>
  [0, 1, 2, 3].map((index) => {
    const at = ENTRY_OFFSET + index * ENTRY_BYTES;
    return {
      number: index + 1,
      type: sector.readUInt8(at + 4),
      firstLba: sector.readUInt32LE(at + 8),
      sectors: sector.readUInt32LE(at + 12),
    };
  });

export const readMbrDiskId = (sector: Buffer): string =>
  `0x${sector.readUInt32LE(DISK_ID_OFFSET).toString(16).padStart(8, '0')}`;

/** A primary partition as far back as the table can name, on a mebibyte. */
export const addMbrPartition = (
  sector: Buffer,
  options: {
    readonly sizeBytes: number;
    readonly diskSectors: number;
    readonly sectorBytes: number;
  },
): { readonly sector: Buffer; readonly entry: MbrEntry } => {
  const entries = readMbrEntries(sector);
  const free = entries.find(({ type }) => type === 0);
  if (free === undefined) {
    throw new InvalidPartitionTable('all four primary partitions of the image are taken');
  }
  const alignment = (1024 * 1024) / options.sectorBytes;
  const sectors = Math.ceil(options.sizeBytes / options.sectorBytes);
  const end = Math.min(options.diskSectors, SECTORS_MAX);
  const firstLba = Math.floor((end - sectors) / alignment) * alignment;
  const usedUpTo = Math.max(
    1,
    ...entries.filter(({ type }) => type !== 0).map((one) => one.firstLba + one.sectors),
  );
  if (firstLba < usedUpTo) {
    throw new InvalidPartitionTable(
      `there is no room for ${options.sizeBytes} bytes at the end of the disk`,
    );
  }
  const changed = Buffer.from(sector);
  const at = ENTRY_OFFSET + (free.number - 1) * ENTRY_BYTES;
  changed.writeUInt8(0, at);
  NO_GEOMETRY.copy(changed, at + 1);
  changed.writeUInt8(TYPE_LINUX, at + 4);
  NO_GEOMETRY.copy(changed, at + 5);
  changed.writeUInt32LE(firstLba, at + 8);
  changed.writeUInt32LE(sectors, at + 12);
  return { sector: changed, entry: { number: free.number, type: TYPE_LINUX, firstLba, sectors } };
};
