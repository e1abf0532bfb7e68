// Reads one file out of an ISO 9660 image, as firmware and operating systems do: by Joliet names if there are
// any, else by Rock Ridge names, else by the plain upper-case ones. Written apart from the service's reader on
// purpose: a lab that shared it would not notice its mistakes.

import type { FileHandle } from 'node:fs/promises';
import { LabFailure } from '../lab-failure.ts';

const SECTOR_BYTES = 2048;
const FIRST_DESCRIPTOR = 16;
const DESCRIPTOR_COUNT_MAX = 16;
const DIRECTORY_BYTES_MAX = 1024 ** 2;
const FLAG_DIRECTORY = 2;

export type IsoPlace = { readonly file: FileHandle; readonly offsetBytes: number };

type Entry = {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly sector: number;
  readonly sizeBytes: number;
};

type Volume = { readonly label: string; readonly isJoliet: boolean; readonly root: Entry };

const readAt = async (place: IsoPlace, offset: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await place.file.read(buffer, 0, length, place.offsetBytes + offset);
  if (bytesRead < length) throw new LabFailure('the ISO image is cut short');
  return buffer;
};

/** undefined: there is no ISO 9660 file system at that place. */
export const readIsoLabel = async (place: IsoPlace): Promise<string | undefined> =>
  (await readVolumes(place))[0]?.label;

/** undefined: the image has no such file. */
export const readIsoFile = async (
  place: IsoPlace,
  path: string,
  sizeBytesMax: number,
): Promise<Buffer | undefined> => {
  const volumes = await readVolumes(place);
  const volume = volumes.find((each) => each.isJoliet) ?? volumes[0];
  if (volume === undefined) throw new LabFailure('the medium is not an ISO image');
  let entry: Entry | undefined = volume.root;
  for (const part of path.split('/').filter((each) => each !== '')) {
    if (entry === undefined || !entry.isDirectory) return undefined;
    const entries = await readDirectory(place, entry, volume.isJoliet);
    entry = entries.find((each) => each.name.toLowerCase() === part.toLowerCase());
  }
  if (entry === undefined || entry.isDirectory) return undefined;
  if (entry.sizeBytes > sizeBytesMax) throw new LabFailure(`${path} in the ISO image is too large`);
  return readAt(place, entry.sector * SECTOR_BYTES, entry.sizeBytes);
};

const readVolumes = async (place: IsoPlace): Promise<readonly Volume[]> => {
  const volumes: Volume[] = [];
  for (let index = 0; index < DESCRIPTOR_COUNT_MAX; index += 1) {
    const descriptor = Buffer.alloc(SECTOR_BYTES);
    const offset = place.offsetBytes + (FIRST_DESCRIPTOR + index) * SECTOR_BYTES;
    await place.file.read(descriptor, 0, SECTOR_BYTES, offset);
    if (descriptor.toString('latin1', 1, 6) !== 'CD001') break;
    const kind = descriptor[0];
    if (kind === 255) break;
    const isJoliet = kind === 2 && ['%/@', '%/C', '%/E'].includes(textAt(descriptor, 88, 3));
    if (kind !== 1 && !isJoliet) continue;
    const label = descriptor.subarray(40, 72);
    volumes.push({
      label: (isJoliet ? utf16be(label) : label.toString('latin1')).replace(/[ \0]+$/, ''),
      isJoliet,
      root: parseRecord(descriptor.subarray(156, 190), isJoliet),
    });
  }
  return volumes;
};

const textAt = (buffer: Buffer, start: number, length: number): string =>
  buffer.toString('latin1', start, start + length);

const utf16be = (bytes: Buffer): string => {
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return even.swap16().toString('utf16le');
};

const readDirectory = async (
  place: IsoPlace,
  directory: Entry,
  isJoliet: boolean,
): Promise<readonly Entry[]> => {
  if (directory.sizeBytes > DIRECTORY_BYTES_MAX) throw new LabFailure('ISO directory too large');
  const bytes = await readAt(place, directory.sector * SECTOR_BYTES, directory.sizeBytes);
  const entries: Entry[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = bytes[offset] ?? 0;
    if (length < 34) {
      // Records do not cross sectors: the rest of this one is padding.
      offset = (Math.floor(offset / SECTOR_BYTES) + 1) * SECTOR_BYTES;
      continue;
    }
    entries.push(parseRecord(bytes.subarray(offset, offset + length), isJoliet));
    offset += length;
  }
  return entries;
};

const parseRecord = (record: Buffer, isJoliet: boolean): Entry => {
  const nameLength = record[32] ?? 0;
  const nameBytes = record.subarray(33, 33 + nameLength);
  const plain = isJoliet ? utf16be(nameBytes) : nameBytes.toString('latin1');
  const systemUse = record.subarray(33 + nameLength + ((nameLength + 1) % 2));
  const name = (isJoliet ? undefined : rockRidgeName(systemUse)) ?? plain;
  return {
    name: name.replace(/;\d+$/, '').replace(/\.$/, ''),
    isDirectory: ((record[25] ?? 0) & FLAG_DIRECTORY) !== 0,
    sector: record.readUInt32LE(2),
    sizeBytes: record.readUInt32LE(10),
  };
};

/** The NM entry of the record itself; longer names, in continuation areas, do not occur on our media. */
const rockRidgeName = (systemUse: Buffer): string | undefined => {
  for (let offset = 0; offset + 4 <= systemUse.length;) {
    const length = systemUse[offset + 2] ?? 0;
    if (length < 4) return undefined;
    if (textAt(systemUse, offset, 2) === 'NM') {
      return systemUse.toString('utf8', offset + 5, offset + length);
    }
    offset += length;
  }
  return undefined;
};
