// First and last MiB of a disk image with one partition: enough of a table that the agent takes it for a disk.

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const MIB = 1024 * 1024;
const SECTOR_BYTES = 512;
const ENTRIES_BYTES = 128 * 128;
const ENTRIES_SECTORS = ENTRIES_BYTES / SECTOR_BYTES;
const LINUX = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex');

export const guidBytes = (): Buffer => randomBytes(16);

export const makeProtectiveGpt = (
  sizeBytes: number,
  diskGuid: Buffer,
): { readonly first: Buffer; readonly last: Buffer } => {
  const sectors = sizeBytes / SECTOR_BYTES;
  const entries = Buffer.alloc(ENTRIES_BYTES);
  LINUX.copy(entries, 0);
  randomBytes(16).copy(entries, 16);
  entries.writeBigUInt64LE(BigInt(MIB / SECTOR_BYTES), 32);
  entries.writeBigUInt64LE(BigInt(sectors - (2 * MIB) / SECTOR_BYTES), 40);
  const headerAt = (own: number, other: number, table: number): Buffer => {
    const header = Buffer.alloc(SECTOR_BYTES);
    header.write('EFI PART', 0, 'latin1');
    header.writeUInt32LE(0x0001_0000, 8);
    header.writeUInt32LE(92, 12);
    header.writeBigUInt64LE(BigInt(own), 24);
    header.writeBigUInt64LE(BigInt(other), 32);
    header.writeBigUInt64LE(BigInt(2 + ENTRIES_SECTORS), 40);
    header.writeBigUInt64LE(BigInt(sectors - ENTRIES_SECTORS - 2), 48);
    diskGuid.copy(header, 56);
    header.writeBigUInt64LE(BigInt(table), 72);
    header.writeUInt32LE(128, 80);
    header.writeUInt32LE(128, 84);
    header.writeUInt32LE(crc32(entries), 88);
    header.writeUInt32LE(crc32(header.subarray(0, 92)), 16);
    return header;
  };
  const first = Buffer.alloc(MIB);
  first[450] = 0xee;
  first.writeUInt32LE(1, 454);
  first.writeUInt32LE(sectors - 1, 458);
  first.writeUInt16LE(0xaa55, 510);
  headerAt(1, sectors - 1, 2).copy(first, SECTOR_BYTES);
  entries.copy(first, 2 * SECTOR_BYTES);
  const last = Buffer.alloc(MIB);
  headerAt(sectors - 1, 1, sectors - 1 - ENTRIES_SECTORS).copy(last, MIB - SECTOR_BYTES);
  entries.copy(last, MIB - SECTOR_BYTES - ENTRIES_BYTES);
  return { first, last };
};
