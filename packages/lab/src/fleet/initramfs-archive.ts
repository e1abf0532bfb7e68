// Unpacks an uncompressed cpio archive (`newc`) into a directory, as the kernel does with an initramfs: what the
// service put into the reserved region of the medium.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabFailure } from '../lab-failure.ts';

const MAGIC = '070701';
const HEADER_BYTES = 110;
const LAST_NAME = 'TRAILER!!!';
const ENTRY_COUNT_MAX = 1_000;
const TYPE_MASK = 0o170000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_FILE = 0o100000;
const PERMISSION_MASK = 0o777;

type ArchiveEntry = {
  readonly path: string;
  readonly type: number;
  readonly permissions: number;
  readonly content: Buffer;
};

/** What the ramdisk has of its own of the places that an archive may fill. */
const EXISTING_DIRECTORIES = ['', 'etc'];

/** Names of the files. */
export const unpackArchive = async (archive: Buffer, root: string): Promise<readonly string[]> => {
  const files: string[] = [];
  const directories = new Set(EXISTING_DIRECTORIES);
  for (const entry of readEntries(archive)) {
    const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')));
    // The kernel makes no directories by itself: it drops such a file without a word.
    if (!directories.has(parent)) {
      throw new LabFailure(`the archive has ${entry.path} before the directory ${parent}`);
    }
    const target = join(root, entry.path);
    if (entry.type === TYPE_DIRECTORY) {
      await mkdir(target, { recursive: true, mode: 0o700 });
      directories.add(entry.path);
    } else if (entry.type === TYPE_FILE) {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await writeFile(target, entry.content, { mode: entry.permissions & PERMISSION_MASK });
      files.push(entry.path);
    } else throw new LabFailure(`${entry.path} in the archive is neither file nor directory`);
  }
  return files;
};

const readEntries = (archive: Buffer): readonly ArchiveEntry[] => {
  const entries: ArchiveEntry[] = [];
  let offset = 0;
  // A region that nobody filled is all zeros: the kernel skips it, and so do we.
  while (offset < archive.length && archive[offset] === 0) offset += 1;
  while (offset + HEADER_BYTES <= archive.length) {
    if (archive.toString('latin1', offset, offset + 6) !== MAGIC) {
      throw new LabFailure('the reserved region holds no cpio archive');
    }
    const field = (index: number): number =>
      Number.parseInt(
        archive.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8),
        16,
      );
    const [mode, sizeBytes, nameBytes] = [field(1), field(6), field(11)];
    const nameOffset = offset + HEADER_BYTES;
    const name = archive.toString('utf8', nameOffset, nameOffset + nameBytes - 1);
    if (name === LAST_NAME) return entries;
    const contentOffset = aligned(nameOffset + nameBytes);
    if (!(contentOffset + sizeBytes <= archive.length)) {
      throw new LabFailure('the cpio archive is cut short');
    }
    entries.push({
      path: insidePath(name),
      type: mode & TYPE_MASK,
      permissions: mode,
      content: archive.subarray(contentOffset, contentOffset + sizeBytes),
    });
    if (entries.length > ENTRY_COUNT_MAX) throw new LabFailure('too many entries in the archive');
    offset = aligned(contentOffset + sizeBytes);
  }
  if (entries.length > 0) throw new LabFailure('the cpio archive has no end');
  return entries;
};

const aligned = (offset: number): number => Math.ceil(offset / 4) * 4;

/** A path that stays below the root. */
const insidePath = (name: string): string => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) {
    throw new LabFailure(`the archive has the path ${JSON.stringify(name)}`);
  }
  return parts.join('/');
};
