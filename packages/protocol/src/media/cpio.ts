// The `newc` cpio format, as the kernel unpacks it over its initramfs: what the service renders per boot and what
// the ramdisk gets. The same files always give the same bytes.

import { Failure } from '../errors/failure.ts';

export type CpioFile = {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  readonly content: Uint8Array;
};

const MAGIC = '070701';
const HEADER_BYTES = 110;
const FIELD_DIGITS = 8;
const TRAILER = 'TRAILER!!!';
const TYPE_MASK = 0o170000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_FILE = 0o100000;
const MODE_MASK = 0o7777;
const DIRECTORY_MODE = 0o755;
const ALIGNMENT_BYTES = 4;
/** Readers of block devices expect whole blocks. */
const BLOCK_BYTES = 512;
/** The kernel refuses longer names; a configuration has a dozen files. */
const PATH_BYTES_MAX = 4096;
const ENTRIES_MAX = 1000;

const encoder = new TextEncoder();

/** Parent directories are added; entries are sorted, owned by root and dated `timeSeconds`. */
export const writeCpio = (files: readonly CpioFile[], timeSeconds = 0): Uint8Array => {
  const parts: Uint8Array[] = [];
  let inode = 1;
  for (const [path, file] of [...withParents(files)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const content = file?.content ?? new Uint8Array();
    const mode = file === null ? TYPE_DIRECTORY | DIRECTORY_MODE : TYPE_FILE | file.mode;
    parts.push(header({ path, mode, inode, sizeBytes: content.length, timeSeconds }));
    parts.push(content, new Uint8Array(padding(content.length, ALIGNMENT_BYTES)));
    inode += 1;
  }
  parts.push(header({ path: TRAILER, mode: 0, inode: 0, sizeBytes: 0, timeSeconds: 0 }));
  const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return join(parts, lengthBytes + padding(lengthBytes, BLOCK_BYTES));
};

/** Only plain files and directories are accepted, only below the root; throws Failure `media.invalid`. */
export const readCpio = (archive: Uint8Array): CpioFile[] => {
  const files = new Map<string, CpioFile>();
  let offset = 0;
  for (let entries = 0; entries < ENTRIES_MAX; entries += 1) {
    const [mode, sizeBytes, nameBytes] = readHeader(archive, offset);
    const nameEnd = offset + HEADER_BYTES + nameBytes;
    const start = nameEnd + padding(nameEnd, ALIGNMENT_BYTES);
    const path = textOf(archive.subarray(offset + HEADER_BYTES, nameEnd - 1));
    if (path === TRAILER) return [...files.values()];
    requireInsidePath(path);
    if (start + sizeBytes > archive.length) throw invalid(`${path} is cut short`);
    const type = mode & TYPE_MASK;
    if (type === TYPE_FILE) {
      if (files.has(path)) throw invalid(`${path} is there twice`);
      const content = archive.slice(start, start + sizeBytes);
      files.set(path, { path, mode: mode & MODE_MASK, content });
    } else if (type !== TYPE_DIRECTORY || sizeBytes > 0) {
      throw invalid(`${path} is neither a file nor a directory`);
    }
    const end = start + sizeBytes;
    offset = end + padding(end, ALIGNMENT_BYTES);
  }
  throw invalid(`it has more than ${ENTRIES_MAX} entries`);
};

/** Every directory above every file (as null) and the files. */
const withParents = (files: readonly CpioFile[]): Map<string, CpioFile | null> => {
  const paths = new Map<string, CpioFile | null>();
  for (const file of files) {
    requireInsidePath(file.path);
    const names = file.path.split('/');
    for (let count = 1; count < names.length; count += 1) {
      paths.set(names.slice(0, count).join('/'), null);
    }
  }
  for (const file of files) {
    if (paths.has(file.path)) throw invalid(`${file.path} is there twice`);
    paths.set(file.path, file);
  }
  return paths;
};

type Entry = {
  readonly path: string;
  readonly mode: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly timeSeconds: number;
};

const header = (entry: Entry): Uint8Array => {
  const name = encoder.encode(`${entry.path}\0`);
  const linkCount = (entry.mode & TYPE_MASK) === TYPE_DIRECTORY ? 2 : 1;
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const { inode, mode, timeSeconds, sizeBytes } = entry;
  const own = [inode, mode, 0, 0, linkCount, timeSeconds, sizeBytes];
  const fields = own.concat([0, 0, 0, 0, name.length, 0]);
  const text =
    MAGIC + fields.map((field) => field.toString(16).padStart(FIELD_DIGITS, '0')).join('');
  const lengthBytes = HEADER_BYTES + name.length;
  return join([encoder.encode(text), name], lengthBytes + padding(lengthBytes, ALIGNMENT_BYTES));
};

const readHeader = (
  archive: Uint8Array,
  offset: number,
): readonly [mode: number, sizeBytes: number, nameBytes: number] => {
  const text = textOf(archive.subarray(offset, offset + HEADER_BYTES));
  if (!/^070701[0-9A-Fa-f]{104}$/.test(text)) throw invalid('an entry has no valid header');
  const field = (index: number): number => {
    const start = MAGIC.length + index * FIELD_DIGITS;
    return Number.parseInt(text.slice(start, start + FIELD_DIGITS), 16);
  };
  const nameBytes = field(11);
  const end = offset + HEADER_BYTES + nameBytes;
  if (nameBytes < 2 || nameBytes > PATH_BYTES_MAX || end > archive.length) {
    throw invalid('an entry has no valid name');
  }
  if (archive[end - 1] !== 0) throw invalid('the name of an entry does not end');
  return [field(1), field(6), nameBytes];
};

/** A name from outside must not lead out of the directory it is unpacked to. */
const requireInsidePath = (path: string): void => {
  const isInside = path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
  if (!isInside || path.includes('\0') || encoder.encode(path).length >= PATH_BYTES_MAX) {
    throw invalid('the name of an entry leads elsewhere');
  }
};

const join = (parts: readonly Uint8Array[], lengthBytes: number): Uint8Array => {
  const joined = new Uint8Array(lengthBytes);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

const padding = (sizeBytes: number, alignmentBytes: number): number =>
  (alignmentBytes - (sizeBytes % alignmentBytes)) % alignmentBytes;

const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Failure('media.invalid', 'The archive is not readable: a name is not UTF-8.', {
      cause: error,
    });
  }
};

const invalid = (reason: string): Failure =>
  new Failure('media.invalid', `The archive is not readable: ${reason}.`);
