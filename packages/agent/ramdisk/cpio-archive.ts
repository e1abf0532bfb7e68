// Writes `newc` cpio archives, the format of an initramfs, so that the same tree always gives the same bytes:
// sorted, owned by root, one time stamp, inode numbers by position.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILD_EPOCH_SECONDS } from './run-program.ts';

export type ArchiveEntry =
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'file'; readonly mode: number; readonly content: Buffer | string }
  | { readonly kind: 'copy'; readonly mode: number; readonly source: string }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'device';
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** Path without a leading slash to what is there. */
export type Tree = Map<string, ArchiveEntry>;

const TYPE = {
  directory: 0o040000,
  file: 0o100000,
  copy: 0o100000,
  link: 0o120000,
  device: 0o020000,
};
const LINK_MODE = 0o777;
const ARCHIVE_BLOCK_BYTES = 512;

/** Adds what is below a directory; `keep` sees paths relative to it. */
export const addDirectory = async (
  tree: Tree,
  source: string,
  keep: (path: string) => boolean,
  prefix = '',
): Promise<void> => {
  for (const name of await readdir(join(source, prefix))) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    if (!keep(path)) continue;
    const full = join(source, path);
    const info = await lstat(full);
    if (info.isSymbolicLink()) tree.set(path, { kind: 'link', target: await readlink(full) });
    else if (info.isDirectory()) {
      tree.set(path, { kind: 'directory', mode: 0o755 });
      await addDirectory(tree, source, keep, path);
    } else if (info.isFile()) {
      tree.set(path, {
        kind: 'copy',
        mode: (info.mode & 0o111) === 0 ? 0o644 : 0o755,
        source: full,
      });
    }
  }
};

export const writeArchive = (tree: Tree, file: string): void => {
  const handle = openSync(file, 'w');
  try {
    let offset = 0;
    const write = (bytes: Buffer): void => {
      for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
      offset += bytes.length;
    };
    let inode = 1;
    for (const path of [...withParents(tree).keys()].sort()) {
      const entry = tree.get(path) ?? { kind: 'directory', mode: 0o755 };
      const content = contentOf(entry);
      write(header(path, entry, content.length, inode));
      write(content);
      write(Buffer.alloc(padding(content.length, 4)));
      inode += 1;
    }
    write(header('TRAILER!!!', null, 0, 0));
    write(Buffer.alloc(padding(offset, ARCHIVE_BLOCK_BYTES)));
  } finally {
    closeSync(handle);
  }
};

const withParents = (tree: Tree): ReadonlyMap<string, true> => {
  const paths = new Map<string, true>();
  for (const path of tree.keys()) {
    const parts = path.split('/');
    for (let count = 1; count <= parts.length; count += 1) {
      paths.set(parts.slice(0, count).join('/'), true);
    }
  }
  return paths;
};

const contentOf = (entry: ArchiveEntry): Buffer => {
  if (entry.kind === 'link') return Buffer.from(entry.target);
  if (entry.kind === 'copy') return readFileSync(entry.source);
  if (entry.kind === 'file') return Buffer.from(entry.content as string);
  return Buffer.alloc(0);
};

const header = (
  path: string,
  entry: ArchiveEntry | null,
  sizeBytes: number,
  inode: number,
): Buffer => {
  const mode =
    entry === null ? 0 : TYPE[entry.kind] | (entry.kind === 'link' ? LINK_MODE : entry.mode);
  const [major, minor] = entry?.kind === 'device' ? [entry.major, entry.minor] : [0, 0];
  const name = Buffer.from(`${path}\0`);
  const linkCount = entry?.kind === 'directory' ? 2 : 1;
  const time = entry === null ? 0 : BUILD_EPOCH_SECONDS;
  const fields = [
    inode,
    mode,
    0,
    0,
    linkCount,
    time,
    sizeBytes,
    0,
    0,
    major,
    minor,
    name.length,
    0,
  ];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const bytes = Buffer.concat([Buffer.from(text, 'latin1'), name]);
  return Buffer.concat([bytes, Buffer.alloc(padding(bytes.length, 4))]);
};

const padding = (sizeBytes: number, alignment: number): number =>
  (alignment - (sizeBytes % alignment)) % alignment;
