// The directory with the keys: `kek-0001`, `kek-0002`, ... seal, the newest what is new; `root` is what keys for one
// purpose are derived from, and outlives them. A key file that appears while the service runs is used from then on;
// one that is gone opens nothing more after the next start.

import { randomBytes } from 'node:crypto';
import { existsSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { writeOnce } from './write-once.ts';

export const KEY_BYTES = 32;

/** Where the keys are. Both may find keys that were not there at the start. */
export type KeySource = {
  /** What keys for one purpose are derived from. */
  readonly root: Buffer;
  readonly newestId: () => string;
  readonly findKey: (id: string) => Buffer | undefined;
};

const KEY_FILE_PATTERN = /^kek-(\d{4})$/;
const FIRST_ID = 'kek-0001';
const ROOT_NAME = 'root';
const PRIVATE_MODE = 0o400;

const idAfter = (id: string): string =>
  `kek-${String(Number(id.slice('kek-'.length)) + 1).padStart(4, '0')}`;

/** Names of the key-encryption keys, oldest first. */
export const listKeyFiles = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => KEY_FILE_PATTERN.test(name)).sort();

const makeKeyFile = (directory: string, name: string): Promise<void> =>
  writeOnce(join(directory, name), randomBytes(KEY_BYTES), PRIVATE_MODE);

/** Makes the key after the newest one; a running service takes it for the next thing that it seals. */
export const makeNextKeyFile = async (directory: string): Promise<string> => {
  const newest = (await listKeyFiles(directory)).at(-1);
  const id = newest === undefined ? FIRST_ID : idAfter(newest);
  await makeKeyFile(directory, id);
  return id;
};

export const removeKeyFile = (directory: string, id: string): Promise<void> =>
  rm(join(directory, id));

const readKey = async (path: string): Promise<Buffer> => {
  const key = await readFile(path);
  if (key.length === KEY_BYTES) return key;
  throw new Error(`${path} is not a key of ${KEY_BYTES} bytes; bring it back from a backup`);
};

/** Undefined while the file is not there, or not yet there whole. */
const readKeyNow = (path: string): Buffer | undefined => {
  // Asked for each thing that is sealed, and nearly never there: an error would cost more than the question.
  if (!existsSync(path)) return undefined;
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if (fstatSync(file).size !== KEY_BYTES) return undefined;
    const key = Buffer.alloc(KEY_BYTES);
    return readSync(file, key) === KEY_BYTES ? key : undefined;
  } finally {
    closeSync(file);
  }
};

/** Directories that were made before there was a root derived from their first key: it becomes the root. */
const makeRoot = async (directory: string, ids: readonly string[]): Promise<void> => {
  const [oldest] = ids;
  if (oldest !== undefined && oldest !== FIRST_ID) {
    throw new Error(`${join(directory, ROOT_NAME)} is gone; bring it back from a backup`);
  }
  const root = oldest === undefined ? randomBytes(KEY_BYTES) : readKey(join(directory, oldest));
  await writeOnce(join(directory, ROOT_NAME), await root, PRIVATE_MODE);
};

/** Reads the key files of `directory`, making the first ones when there are none. */
export const openKeyFiles = async (directory: string): Promise<KeySource> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await listKeyFiles(directory);
  if (!(await readdir(directory)).includes(ROOT_NAME)) await makeRoot(directory, found);
  if (found.length === 0) await makeKeyFile(directory, FIRST_ID);
  const keys = new Map<string, Buffer>();
  for (const id of await listKeyFiles(directory)) {
    keys.set(id, await readKey(join(directory, id)));
  }
  const root = await readKey(join(directory, ROOT_NAME));
  let newestId = [...keys.keys()].at(-1) as string;
  return {
    root,
    newestId: () => {
      for (;;) {
        const next = idAfter(newestId);
        const key = readKeyNow(join(directory, next));
        if (key === undefined) return newestId;
        keys.set(next, key);
        newestId = next;
      }
    },
    findKey: (id) => {
      const known = keys.get(id);
      if (known !== undefined || !KEY_FILE_PATTERN.test(id)) return known;
      const key = readKeyNow(join(directory, id));
      if (key !== undefined) keys.set(id, key);
      return key;
    },
  };
};
