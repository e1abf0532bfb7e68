// A small disk image for tests: a GPT with an EFI system partition and a root partition, random content.

import { randomBytes } from 'node:crypto';
import { ESP_TYPE, type Gpt, type GptEntry, LINUX_DATA_TYPE, renderGpt } from '#image/gpt';

const SECTOR_BYTES = 512;
const MIB = 1024 * 1024;

const entry = (typeGuid: Buffer, fromMiB: number, toMiB: number, name: string): GptEntry => ({
  typeGuid,
  partGuid: randomBytes(16),
  firstLba: (fromMiB * MIB) / SECTOR_BYTES,
  lastLba: (toMiB * MIB) / SECTOR_BYTES - 1,
  attributes: 0n,
  name,
});

export const makeGptImage = (sizeMiB: number): Buffer => {
  const sectors = (sizeMiB * MIB) / SECTOR_BYTES;
  const used = [entry(ESP_TYPE, 1, 3, 'esp'), entry(LINUX_DATA_TYPE, 3, sizeMiB - 1, 'root')];
  const gpt: Gpt = {
    sectorBytes: SECTOR_BYTES,
    diskGuid: randomBytes(16),
    firstUsableLba: 34,
    lastUsableLba: sectors - 34,
    entryBytes: 128,
    entriesLba: 2,
    entries: [...used, ...Array.from({ length: 126 }, () => null)],
  };
  const image = Buffer.alloc(sizeMiB * MIB);
  image.writeUInt16LE(0xaa55, 510);
  // Data, then a long run of zeros, then data: both kinds of writing.
  randomBytes(2 * MIB).copy(image, MIB);
  randomBytes(MIB).copy(image, (sizeMiB - 3) * MIB);
  for (const { offset, bytes } of renderGpt(gpt, sectors)) bytes.copy(image, offset);
  return image;
};

export const makeMbrImage = (sizeMiB: number): Buffer => {
  const image = Buffer.alloc(sizeMiB * MIB);
  randomBytes(2 * MIB).copy(image, MIB);
  image.writeUInt32LE(0xcafe_f00d, 440);
  image.writeUInt8(0x83, 446 + 4);
  image.writeUInt32LE(MIB / SECTOR_BYTES, 446 + 8);
  image.writeUInt32LE(((sizeMiB - 1) * MIB) / SECTOR_BYTES, 446 + 12);
  image.writeUInt16LE(0xaa55, 510);
  return image;
};
