// GUID partition tables, pure: parsed from bytes, changed, rendered back to bytes for both ends of a disk.

import { crc32 } from './crc32.ts';

export type GptEntry = {
  /** 16 bytes in disk order. */
  readonly typeGuid: Buffer;
  readonly partGuid: Buffer;
  readonly firstLba: number;
  readonly lastLba: number;
  readonly attributes: bigint;
  readonly name: string;
};

export type Gpt = {
  readonly sectorBytes: number;
  readonly diskGuid: Buffer;
  readonly firstUsableLba: number;
  readonly lastUsableLba: number;
  readonly entryBytes: number;
  /** By slot; null is a free slot. */
  readonly entries: readonly (GptEntry | null)[];
  /** Sector of the primary entry array. */
  readonly entriesLba: number;
};

/** Bytes to write, and where. */
export type Patch = { readonly offset: number; readonly bytes: Buffer };

const SIGNATURE = 'EFI PART';
const REVISION = 0x0001_0000;
const HEADER_BYTES = 92;
const ENTRY_BYTES_MIN = 128;
const ENTRY_BYTES_MAX = 4096;
const ENTRY_COUNT_MAX = 1024;
const NAME_CHARS_MAX = 36;

export class InvalidPartitionTable extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'InvalidPartitionTable';
  }
}

export type GptHeader = { readonly entriesLba: number; readonly entriesBytes: number };

/** Null when the sector holds no GPT header at all. Throws when it holds a broken one. */
export const readGptHeader = (sector: Buffer): GptHeader | null => {
  if (sector.toString('latin1', 0, 8) !== SIGNATURE) return null;
  const headerBytes = sector.readUInt32LE(12);
  if (headerBytes < HEADER_BYTES || headerBytes > sector.length) {
    throw new InvalidPartitionTable(`a GPT header cannot have ${headerBytes} bytes`);
  }
  const header = Buffer.from(sector.subarray(0, headerBytes));
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== sector.readUInt32LE(16)) {
    throw new InvalidPartitionTable('the checksum of the GPT header is wrong');
  }
  const count = sector.readUInt32LE(80);
  const entryBytes = sector.readUInt32LE(84);
  if (
    count < 1 ||
    count > ENTRY_COUNT_MAX ||
    entryBytes < ENTRY_BYTES_MIN ||
    entryBytes > ENTRY_BYTES_MAX ||
    entryBytes % 8 !== 0
  ) {
    throw new InvalidPartitionTable(
      `a GPT with ${count} entries of ${entryBytes} bytes is refused`,
    );
  }
  return { entriesLba: safeLba(sector, 72), entriesBytes: count * entryBytes };
};

/** `header` is the sector that `readGptHeader` accepted, `array` the bytes it points to. */
export const parseGpt = (header: Buffer, array: Buffer): Gpt => {
  if (crc32(array) !== header.readUInt32LE(88)) {
    throw new InvalidPartitionTable('the checksum of the GPT entries is wrong');
  }
  const count = header.readUInt32LE(80);
  const entryBytes = header.readUInt32LE(84);
  return {
    sectorBytes: header.length,
    diskGuid: Buffer.from(header.subarray(56, 72)),
    firstUsableLba: safeLba(header, 40),
    lastUsableLba: safeLba(header, 48),
    entryBytes,
    entriesLba: safeLba(header, 72),
    entries: Array.from({ length: count }, (_, slot) =>
      parseEntry(array.subarray(slot * entryBytes, (slot + 1) * entryBytes)),
    ),
  };
};

const safeLba = (bytes: Buffer, offset: number): number => {
  const value = bytes.readBigUInt64LE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InvalidPartitionTable(`the sector number ${value} is too large`);
  }
  return Number(value);
};

const parseEntry = (bytes: Buffer): GptEntry | null => {
  const typeGuid = Buffer.from(bytes.subarray(0, 16));
  if (typeGuid.equals(Buffer.alloc(16))) return null;
  const name = bytes.toString('utf16le', 56, 56 + 2 * NAME_CHARS_MAX);
  const end = name.indexOf('\0');
  return {
    typeGuid,
    partGuid: Buffer.from(bytes.subarray(16, 32)),
    firstLba: safeLba(bytes, 32),
    lastLba: safeLba(bytes, 40),
    attributes: bytes.readBigUInt64LE(48),
    name: end === -1 ? name : name.slice(0, end),
  };
};

/** The same table for a disk of `diskSectors`: its backup belongs into the last sectors. */
export const fitGpt = (gpt: Gpt, diskSectors: number): Gpt => {
  const lastUsableLba = diskSectors - 2 - arraySectors(gpt);
  const lastUsed = Math.max(0, ...gpt.entries.map((entry) => entry?.lastLba ?? 0));
  if (lastUsed > lastUsableLba) {
    throw new InvalidPartitionTable('a partition of the image reaches beyond the disk');
  }
  return { ...gpt, lastUsableLba };
};

const arraySectors = ({ entries, entryBytes, sectorBytes }: Gpt): number =>
  Math.ceil((entries.length * entryBytes) / sectorBytes);

/** Both headers, both arrays and the protective MBR's size, ready to be written. */
export const renderGpt = (gpt: Gpt, diskSectors: number): Patch[] => {
  const array = renderEntries(gpt);
  const backupArrayLba = diskSectors - 1 - arraySectors(gpt);
  const primary = renderHeader(gpt, array, 1, diskSectors - 1, gpt.entriesLba);
  const backup = renderHeader(gpt, array, diskSectors - 1, 1, backupArrayLba);
  const at = (lba: number): number => lba * gpt.sectorBytes;
  // The backup first: a crash between the two leaves a table that tools can repair.
  return [
    { offset: at(backupArrayLba), bytes: array },
    { offset: at(diskSectors - 1), bytes: backup },
    { offset: at(gpt.entriesLba), bytes: array },
    { offset: at(1), bytes: primary },
  ];
};

const renderHeader = (
  gpt: Gpt,
  array: Buffer,
  lba: number,
  otherLba: number,
  arrayLba: number,
): Buffer => {
  const sector = Buffer.alloc(gpt.sectorBytes);
  sector.write(SIGNATURE, 0, 'latin1');
  sector.writeUInt32LE(REVISION, 8);
  sector.writeUInt32LE(HEADER_BYTES, 12);
  sector.writeBigUInt64LE(BigInt(lba), 24);
  sector.writeBigUInt64LE(BigInt(otherLba), 32);
  sector.writeBigUInt64LE(BigInt(gpt.firstUsableLba), 40);
  sector.writeBigUInt64LE(BigInt(gpt.lastUsableLba), 48);
  gpt.diskGuid.copy(sector, 56);
  sector.writeBigUInt64LE(BigInt(arrayLba), 72);
  sector.writeUInt32LE(gpt.entries.length, 80);
  sector.writeUInt32LE(gpt.entryBytes, 84);
  sector.writeUInt32LE(crc32(array), 88);
  sector.writeUInt32LE(crc32(sector.subarray(0, HEADER_BYTES)), 16);
  return sector;
};

const renderEntries = (gpt: Gpt): Buffer => {
  const array = Buffer.alloc(gpt.entries.length * gpt.entryBytes);
  for (const [slot, entry] of gpt.entries.entries()) {
    if (entry === null) continue;
    const bytes = array.subarray(slot * gpt.entryBytes, (slot + 1) * gpt.entryBytes);
    entry.typeGuid.copy(bytes, 0);
    entry.partGuid.copy(bytes, 16);
    bytes.writeBigUInt64LE(BigInt(entry.firstLba), 32);
    bytes.writeBigUInt64LE(BigInt(entry.lastLba), 40);
    bytes.writeBigUInt64LE(entry.attributes, 48);
    bytes.write(entry.name.slice(0, NAME_CHARS_MAX), 56, 'utf16le');
  }
  return array;
};

export type NewPartition = {
  readonly name: string;
  readonly typeGuid: Buffer;
  readonly partGuid: Buffer;
  readonly sizeBytes: number;
};

const ALIGNMENT_BYTES = 1024 * 1024;

/** At the end of the disk, on a mebibyte. The number of the new partition counts from 1. */
export const addPartitionAtEnd = (gpt: Gpt, wanted: NewPartition): { gpt: Gpt; number: number } => {
  const slot = gpt.entries.indexOf(null);
  if (slot === -1) throw new InvalidPartitionTable('the partition table has no free entry');
  const alignment = ALIGNMENT_BYTES / gpt.sectorBytes;
  const sectors = Math.ceil(wanted.sizeBytes / gpt.sectorBytes);
  const firstLba = Math.floor((gpt.lastUsableLba + 1 - sectors) / alignment) * alignment;
  const lastLba = firstLba + sectors - 1;
  const isFree = gpt.entries.every(
    (entry) => entry === null || entry.lastLba < firstLba || entry.firstLba > lastLba,
  );
  if (firstLba < gpt.firstUsableLba || !isFree) {
    throw new InvalidPartitionTable(
      `there is no room for ${wanted.sizeBytes} bytes at the end of the disk`,
    );
  }
  const { typeGuid, partGuid, name } = wanted;
  const entry: GptEntry = { typeGuid, partGuid, firstLba, lastLba, attributes: 0n, name };
  return { gpt: { ...gpt, entries: gpt.entries.with(slot, entry) }, number: slot + 1 };
};

/** From the usual text: the first three groups are little-endian on disk. */
export const guidBytes = (text: string): Buffer => {
  const [a = '', b = '', c = '', d = '', e = ''] = text.split('-');
  const swapped = [a, b, c].map((group) => Buffer.from(group, 'hex').reverse());
  return Buffer.concat([...swapped, Buffer.from(d, 'hex'), Buffer.from(e, 'hex')]);
};

export const guidText = (bytes: Buffer): string => {
  const part = (from: number, to: number): Buffer => Buffer.from(bytes.subarray(from, to));
  return [
    part(0, 4).reverse(),
    part(4, 6).reverse(),
    part(6, 8).reverse(),
    part(8, 10),
    part(10, 16),
  ]
    .map((group) => group.toString('hex'))
    .join('-');
};

export const ESP_TYPE = guidBytes('c12a7328-f81f-11d2-ba4b-00a0c93ec93b');
export const LINUX_DATA_TYPE = guidBytes('0fc63daf-8483-4772-8e79-3d69d8477de4');
