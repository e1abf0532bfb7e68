// Finds files in an ISO 9660 image by their plain names, reading no more than volume descriptors and directories.
// Images come from operators and, for config drives, from users: nothing in them is believed.

import { Failure } from '../errors/failure.ts';

/** Returns exactly `lengthBytes` bytes, or fewer at the end of the image. */
export type ReadImage = (offsetBytes: number, lengthBytes: number) => Promise<Uint8Array>;

export type IsoVolume = { readonly label: string; readonly sizeBytes: number };
export type IsoFile = { readonly offsetBytes: number; readonly sizeBytes: number };

const SECTOR_BYTES = 2048;
const FIRST_DESCRIPTOR_SECTOR = 16;
const DESCRIPTORS_MAX = 16;
const PRIMARY_DESCRIPTOR = 1;
const LAST_DESCRIPTOR = 255;
const DIRECTORY_BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 8;
const RECORD_BYTES_MIN = 34;
const FLAG_DIRECTORY = 0x02;
/** Associated files, and files that go on in another record: not used by anything that we read. */
const FLAGS_REFUSED = 0x84;

type Entry = IsoFile & { readonly name: string; readonly flags: number };
type Volume = IsoVolume & { readonly root: Entry };

/** Undefined when there is no ISO 9660 file system; throws Failure `media.invalid` for a broken one. */
export const readIsoVolume = async (read: ReadImage): Promise<IsoVolume | undefined> => {
  const volume = await openVolume(read);
  return volume === undefined ? undefined : { label: volume.label, sizeBytes: volume.sizeBytes };
};

/**
 * `path` is absolute, in plain ISO 9660 names (upper case, without version): `/BOOT/CONFIG.CPI`. Undefined when
 * there is no such file; throws Failure `media.invalid` for an image that is none or is inconsistent.
 */
export const findIsoFile = async (read: ReadImage, path: string): Promise<IsoFile | undefined> => {
  const volume = await openVolume(read);
  if (volume === undefined) throw invalid('it is not an ISO 9660 image');
  const names = path.split('/').slice(1);
  if (names.length > DEPTH_MAX) return undefined;
  let entry: Entry | undefined = volume.root;
  for (const name of names) {
    if ((entry.flags & FLAG_DIRECTORY) === 0) return undefined;
    const entries: readonly Entry[] = await readDirectory(read, entry, volume);
    const named = entries.filter((each) => each.name === name);
    if (named.length > 1) throw invalid(`${name} is there twice`);
    entry = named[0];
    if (entry === undefined) return undefined;
  }
  if ((entry.flags & FLAG_DIRECTORY) !== 0) return undefined;
  return { offsetBytes: entry.offsetBytes, sizeBytes: entry.sizeBytes };
};

const openVolume = async (read: ReadImage): Promise<Volume | undefined> => {
  for (let index = 0; index < DESCRIPTORS_MAX; index += 1) {
    const offset = (FIRST_DESCRIPTOR_SECTOR + index) * SECTOR_BYTES;
    const bytes = await read(offset, SECTOR_BYTES);
    if (bytes.length < SECTOR_BYTES || asciiOf(bytes.subarray(1, 6)) !== 'CD001') return undefined;
    if (bytes[0] === LAST_DESCRIPTOR) return undefined;
    if (bytes[0] !== PRIMARY_DESCRIPTOR) continue;
    const view = viewOf(bytes);
    if (bothEndian16(view, 128) !== SECTOR_BYTES) throw invalid('its blocks are not 2048 bytes');
    const sizeBytes = bothEndian32(view, 80) * SECTOR_BYTES;
    const root = parseRecord(bytes.subarray(156, 156 + RECORD_BYTES_MIN), sizeBytes);
    if ((root.flags & FLAG_DIRECTORY) === 0) throw invalid('its root is not a directory');
    const label = asciiOf(bytes.subarray(40, 72)).replace(/[ \0]+$/, '');
    return { label, sizeBytes, root };
  }
  return undefined;
};

const readDirectory = async (
  read: ReadImage,
  directory: Entry,
  volume: Volume,
): Promise<readonly Entry[]> => {
  if (directory.sizeBytes > DIRECTORY_BYTES_MAX) throw invalid('a directory is too large');
  const bytes = await read(directory.offsetBytes, directory.sizeBytes);
  if (bytes.length < directory.sizeBytes) throw invalid('it is cut short');
  const entries: Entry[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const lengthBytes = bytes[offset] ?? 0;
    if (lengthBytes === 0) {
      // Records do not cross sectors: the rest of this one is padding.
      offset = (Math.floor(offset / SECTOR_BYTES) + 1) * SECTOR_BYTES;
      continue;
    }
    const end = offset + lengthBytes;
    if (lengthBytes < RECORD_BYTES_MIN || end > bytes.length)
      throw invalid('a record is cut short');
    entries.push(parseRecord(bytes.subarray(offset, end), volume.sizeBytes));
    offset = end;
  }
  return entries;
};

const parseRecord = (record: Uint8Array, volumeBytes: number): Entry => {
  const view = viewOf(record);
  const nameEnd = 33 + view.getUint8(32);
  if (nameEnd > record.length) throw invalid('a name is cut short');
  const flags = view.getUint8(25);
  if ((flags & FLAGS_REFUSED) !== 0) throw invalid('a file is in more than one piece');
  // Bytes 26 and 27: interleaved files have gaps.
  if (view.getUint8(26) !== 0 || view.getUint8(27) !== 0) throw invalid('a file is interleaved');
  const offsetBytes = (bothEndian32(view, 2) + view.getUint8(1)) * SECTOR_BYTES;
  const sizeBytes = bothEndian32(view, 10);
  if (offsetBytes + sizeBytes > volumeBytes) throw invalid('a file lies outside of the image');
  const name = asciiOf(record.subarray(33, nameEnd)).replace(/;\d+$/, '').replace(/\.$/, '');
  return { name, flags, offsetBytes, sizeBytes };
};

/** Numbers are there twice; two that differ show one content to one reader and another to the next. */
const bothEndian32 = (view: DataView, at: number): number => {
  const value = view.getUint32(at, true);
  if (value !== view.getUint32(at + 4, false)) throw invalid('its numbers contradict each other');
  return value;
};

const bothEndian16 = (view: DataView, at: number): number => {
  const value = view.getUint16(at, true);
  if (value !== view.getUint16(at + 2, false)) throw invalid('its numbers contradict each other');
  return value;
};

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const asciiOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const invalid = (reason: string): Failure =>
  new Failure('media.invalid', `The ISO image cannot be used: ${reason}.`);
