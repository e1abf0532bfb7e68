// A small disk image for `demo --quick`, made here so that nothing has to be installed: a GPT, an EFI system
// partition (FAT16) with a loader's place, and a partition with data. Simulated machines run nothing of it.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const SECTOR_BYTES = 512;
const MIB = 1024 * 1024;
const IMAGE_MIB = 64;
const SECTORS = (IMAGE_MIB * MIB) / SECTOR_BYTES;
const ENTRY_COUNT = 128;
const ENTRY_BYTES = 128;
const ENTRY_SECTORS = (ENTRY_COUNT * ENTRY_BYTES) / SECTOR_BYTES;
const ESP_FIRST = 2048;
const ESP_SECTORS = (16 * MIB) / SECTOR_BYTES;
const DATA_FIRST = ESP_FIRST + ESP_SECTORS;
const LAST_USABLE = SECTORS - ENTRY_SECTORS - 2;
const TYPE_ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
const TYPE_LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4';

/** Writes the image; returns its SHA-256. */
export const makeSmallImage = (path: string): { readonly sha256: string; readonly mib: number } => {
  const image = Buffer.alloc(IMAGE_MIB * MIB);
  writeProtectiveMbr(image);
  writeTables(image);
  makeFat16().copy(image, ESP_FIRST * SECTOR_BYTES);
  randomBytes(8 * MIB).copy(image, DATA_FIRST * SECTOR_BYTES);
  const file = openSync(path, 'w', 0o644);
  writeSync(file, image);
  closeSync(file);
  const sha256 = createHash('sha256').update(image).digest('hex');
  writeFileSync(`${path}.sha256`, `${sha256}\n`);
  return { sha256, mib: IMAGE_MIB };
};

const writeProtectiveMbr = (image: Buffer): void => {
  image[450] = 0xee;
  image.writeUInt32LE(1, 454);
  image.writeUInt32LE(SECTORS - 1, 458);
  image.writeUInt16LE(0xaa55, 510);
};

/** GUIDs are little-endian in their first three groups. */
const guidBytes = (guid: string): Buffer => {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
};

const writeTables = (image: Buffer): void => {
  const entries = Buffer.alloc(ENTRY_COUNT * ENTRY_BYTES);
  const partitions = [
    { type: TYPE_ESP, first: ESP_FIRST, last: DATA_FIRST - 1, name: 'esp' },
    {
      type: TYPE_LINUX,
      first: DATA_FIRST,
      last: DATA_FIRST + (32 * MIB) / SECTOR_BYTES,
      name: 'root',
    },
  ];
  for (const [index, { type, first, last, name }] of partitions.entries()) {
    const entry = entries.subarray(index * ENTRY_BYTES);
    guidBytes(type).copy(entry, 0);
    guidBytes(randomUUID()).copy(entry, 16);
    entry.writeBigUInt64LE(BigInt(first), 32);
    entry.writeBigUInt64LE(BigInt(last), 40);
    entry.write(name, 56, 'utf16le');
  }
  const diskGuid = guidBytes(randomUUID());
  const put = (ownSector: number, otherSector: number, entriesSector: number): void => {
    const header = Buffer.alloc(92);
    header.write('EFI PART', 0, 'latin1');
    header.writeUInt32LE(0x0001_0000, 8);
    header.writeUInt32LE(header.length, 12);
    header.writeBigUInt64LE(BigInt(ownSector), 24);
    header.writeBigUInt64LE(BigInt(otherSector), 32);
    header.writeBigUInt64LE(BigInt(2 + ENTRY_SECTORS), 40);
    header.writeBigUInt64LE(BigInt(LAST_USABLE), 48);
    diskGuid.copy(header, 56);
    header.writeBigUInt64LE(BigInt(entriesSector), 72);
    header.writeUInt32LE(ENTRY_COUNT, 80);
    header.writeUInt32LE(ENTRY_BYTES, 84);
    header.writeUInt32LE(crc32(entries), 88);
    header.writeUInt32LE(crc32(header), 16);
    header.copy(image, ownSector * SECTOR_BYTES);
    entries.copy(image, entriesSector * SECTOR_BYTES);
  };
  put(1, SECTORS - 1, 2);
  put(SECTORS - 1, 1, SECTORS - 1 - ENTRY_SECTORS);
};

const FAT_SECTORS = 64;
const FAT_ROOT_ENTRIES = 512;
const FAT_SECTORS_PER_CLUSTER = 2;
const FAT_FIRST_DATA = 1 + 2 * FAT_SECTORS + (FAT_ROOT_ENTRIES * 32) / SECTOR_BYTES;
const ATTRIBUTE_DIRECTORY = 0x10;
const ATTRIBUTE_ARCHIVE = 0x20;
const END_OF_CHAIN = 0xffff;

/** `/EFI/BOOT/BOOTX64.EFI` on a FAT16 file system: cluster 2 is EFI, 3 is BOOT, 4 the loader. */
const makeFat16 = (): Buffer => {
  const volume = Buffer.alloc(ESP_SECTORS * SECTOR_BYTES);
  Buffer.from([0xeb, 0x3c, 0x90]).copy(volume, 0);
  volume.write('BESSEMER', 3, 'latin1');
  volume.writeUInt16LE(SECTOR_BYTES, 11);
  volume[13] = FAT_SECTORS_PER_CLUSTER;
  volume.writeUInt16LE(1, 14);
  volume[16] = 2;
  volume.writeUInt16LE(FAT_ROOT_ENTRIES, 17);
  volume.writeUInt16LE(ESP_SECTORS, 19);
  volume[21] = 0xf8;
  volume.writeUInt16LE(FAT_SECTORS, 22);
  volume.writeUInt16LE(32, 24);
  volume.writeUInt16LE(64, 26);
  volume[36] = 0x80;
  volume[38] = 0x29;
  randomBytes(4).copy(volume, 39);
  volume.write('NO NAME    FAT16   ', 43, 'latin1');
  volume.writeUInt16LE(0xaa55, 510);
  for (const fat of [1, 1 + FAT_SECTORS]) {
    for (const [cluster, value] of [
      0xfff8,
      END_OF_CHAIN,
      END_OF_CHAIN,
      END_OF_CHAIN,
      END_OF_CHAIN,
    ].entries()) {
      volume.writeUInt16LE(value, fat * SECTOR_BYTES + cluster * 2);
    }
  }
  const loader = randomBytes(SECTOR_BYTES);
  loader.write('MZ', 0, 'latin1');
  const rootOffset = (1 + 2 * FAT_SECTORS) * SECTOR_BYTES;
  writeDirectoryEntry(volume, rootOffset, 'EFI        ', ATTRIBUTE_DIRECTORY, 2, 0);
  writeSubdirectory(volume, 2, 0, 'BOOT       ', ATTRIBUTE_DIRECTORY, 3, 0);
  writeSubdirectory(volume, 3, 2, 'BOOTX64 EFI', ATTRIBUTE_ARCHIVE, 4, loader.length);
  loader.copy(volume, clusterOffset(4));
  return volume;
};

const clusterOffset = (cluster: number): number =>
  (FAT_FIRST_DATA + (cluster - 2) * FAT_SECTORS_PER_CLUSTER) * SECTOR_BYTES;

const writeSubdirectory = (
  volume: Buffer,
  cluster: number,
  parent: number,
  name: string,
  attribute: number,
  child: number,
  sizeBytes: number,
): void => {
  const offset = clusterOffset(cluster);
  writeDirectoryEntry(volume, offset, '.          ', ATTRIBUTE_DIRECTORY, cluster, 0);
  writeDirectoryEntry(volume, offset + 32, '..         ', ATTRIBUTE_DIRECTORY, parent, 0);
  writeDirectoryEntry(volume, offset + 64, name, attribute, child, sizeBytes);
};

const writeDirectoryEntry = (
  volume: Buffer,
  offset: number,
  name: string,
  attribute: number,
  cluster: number,
  sizeBytes: number,
): void => {
  volume.write(name, offset, 'latin1');
  volume[offset + 11] = attribute;
  volume.writeUInt16LE(cluster, offset + 26);
  volume.writeUInt32LE(sizeBytes, offset + 28);
};
