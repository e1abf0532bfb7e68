// The partition table on a disk: read, fitted to the disk's size, extended by one partition.

import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import { CommandFailure } from '../command-failure.ts';
import {
  addPartitionAtEnd,
  ESP_TYPE,
  fitGpt,
  type Gpt,
  guidText,
  InvalidPartitionTable,
  LINUX_DATA_TYPE,
  parseGpt,
  type Patch,
  readGptHeader,
  renderGpt,
} from './gpt.ts';
import { addMbrPartition, hasMbrSignature, readMbrDiskId, readMbrEntries } from './mbr.ts';

const MBR_TYPE_ESP = 0xef;

type Table =
  | { readonly kind: 'gpt'; readonly gpt: Gpt }
  | { readonly kind: 'mbr'; readonly sector: Buffer }
  | { readonly kind: 'none' };

export type PlacedPartition = { readonly number: number; readonly offsetBytes: number };

/** Moves the backup GPT of an image that is smaller than its disk to the end. */
export const fitPartitionTable = async (file: FileHandle, disk: InventoryDisk): Promise<void> => {
  const table = await readTable(file, disk);
  if (table.kind !== 'gpt') return;
  const sectors = sectorsOf(disk);
  await apply(
    file,
    explained(() => renderGpt(fitGpt(table.gpt, sectors), sectors)),
  );
};

/** GUID of the GPT, or `0x` and the signature of the MBR; null without a table. */
export const readDiskIdentifier = async (
  file: FileHandle,
  disk: InventoryDisk,
): Promise<string | null> => {
  const table = await readTable(file, disk);
  if (table.kind === 'gpt') return guidText(table.gpt.diskGuid);
  return table.kind === 'mbr' ? readMbrDiskId(table.sector) : null;
};

/** Number of the EFI system partition; undefined when there is none. */
export const findEspNumber = async (
  file: FileHandle,
  disk: InventoryDisk,
): Promise<number | undefined> => {
  const table = await readTable(file, disk);
  if (table.kind === 'gpt') {
    const slot = table.gpt.entries.findIndex((entry) => entry?.typeGuid.equals(ESP_TYPE) === true);
    return slot === -1 ? undefined : slot + 1;
  }
  if (table.kind === 'none') return undefined;
  return readMbrEntries(table.sector).find(({ type }) => type === MBR_TYPE_ESP)?.number;
};

/**
 * A partition named `name` of at least `sizeBytes`: the one that the image brought (GPT), else a new one at the
 * end of the disk.
 */
export const ensurePartition = async (
  file: FileHandle,
  disk: InventoryDisk,
  wanted: { readonly name: string; readonly sizeBytes: number },
): Promise<PlacedPartition> => {
  const table = await readTable(file, disk);
  if (table.kind === 'none') {
    throw new CommandFailure(
      'InvalidImage',
      'the image has no partition table, so there is no place for a config drive',
      { failureCode: 'configdrive.invalid' },
    );
  }
  return table.kind === 'gpt'
    ? ensureInGpt(file, disk, table.gpt, wanted)
    : addToMbr(file, disk, table.sector, wanted.sizeBytes);
};

const ensureInGpt = async (
  file: FileHandle,
  disk: InventoryDisk,
  gpt: Gpt,
  wanted: { readonly name: string; readonly sizeBytes: number },
): Promise<PlacedPartition> => {
  const slot = gpt.entries.findIndex((entry) => entry?.name === wanted.name);
  const present = gpt.entries[slot];
  if (present !== undefined && present !== null) {
    const bytes = (present.lastLba - present.firstLba + 1) * gpt.sectorBytes;
    if (bytes >= wanted.sizeBytes) {
      return { number: slot + 1, offsetBytes: present.firstLba * gpt.sectorBytes };
    }
  }
  const added = explained(() =>
    addPartitionAtEnd(gpt, { ...wanted, typeGuid: LINUX_DATA_TYPE, partGuid: randomGuid() }),
  );
  await apply(file, renderGpt(added.gpt, sectorsOf(disk)));
  const firstLba = added.gpt.entries[added.number - 1]?.firstLba ?? 0;
  return { number: added.number, offsetBytes: firstLba * gpt.sectorBytes };
};

const addToMbr = async (
  file: FileHandle,
  disk: InventoryDisk,
  sector: Buffer,
  sizeBytes: number,
): Promise<PlacedPartition> => {
  const sectorBytes = disk.logical_sectors;
  const { sector: changed, entry } = explained(() =>
    addMbrPartition(sector, { sizeBytes, sectorBytes, diskSectors: sectorsOf(disk) }),
  );
  await apply(file, [{ offset: 0, bytes: changed }]);
  return { number: entry.number, offsetBytes: entry.firstLba * sectorBytes };
};

const sectorsOf = (disk: InventoryDisk): number => Math.floor(disk.size / disk.logical_sectors);

/** Version 4, in disk order. */
const randomGuid = (): Buffer => {
  const bytes = randomBytes(16);
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
};

const readTable = async (file: FileHandle, disk: InventoryDisk): Promise<Table> => {
  const sectorBytes = disk.logical_sectors;
  const head = Buffer.alloc(sectorBytes * 2);
  await file.read(head, 0, head.length, 0);
  const headerSector = head.subarray(sectorBytes);
  const gpt = await explainedLater(async () => {
    const header = readGptHeader(headerSector);
    if (header === null) return null;
    const array = Buffer.alloc(header.entriesBytes);
    await file.read(array, 0, array.length, header.entriesLba * sectorBytes);
    return parseGpt(headerSector, array);
  });
  if (gpt !== null) return { kind: 'gpt', gpt };
  const sector = Buffer.from(head.subarray(0, sectorBytes));
  return hasMbrSignature(sector) ? { kind: 'mbr', sector } : { kind: 'none' };
};

const apply = async (file: FileHandle, patches: readonly Patch[]): Promise<void> => {
  for (const { offset, bytes } of patches) await file.write(bytes, 0, bytes.length, offset);
};

const asFailure = (error: unknown): unknown =>
  error instanceof InvalidPartitionTable
    ? new CommandFailure('InvalidImage', error.message, { failureCode: 'image.write' })
    : error;

const explained = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw asFailure(error);
  }
};

const explainedLater = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
  }
};
