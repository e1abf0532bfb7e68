// Makes a file that is there whole or not at all, whenever the process dies or the power goes: written beside its
// place, made durable, then linked into it. A file that is already there is never replaced.

import { randomBytes } from 'node:crypto';
import { link, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const UNFINISHED_SUFFIX = '.unfinished';

export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** A new file; what was written to it is on the disk when this returns. */
export const writeDurably = async (
  path: string,
  data: string | Buffer,
  mode: number,
): Promise<void> => {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** What starts that were cut off left behind; only secrets that nobody uses are in there. */
const removeUnfinished = async (path: string): Promise<void> => {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  const names = await readdir(directory);
  const unfinished = names.filter(
    (name) => name.startsWith(prefix) && name.endsWith(UNFINISHED_SUFFIX),
  );
  for (const name of unfinished) await rm(join(directory, name), { force: true });
};

const isTakenByAnother = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  // Linked by another process, which has also tidied up what it took for a leftover.
  return code === 'EEXIST' || code === 'ENOENT';
};

/** Read the file again afterwards: another process may have been first, and then its content stands. */
export const writeOnce = async (
  path: string,
  data: string | Buffer,
  mode: number,
): Promise<void> => {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}${UNFINISHED_SUFFIX}`;
  await writeDurably(unfinished, data, mode);
  try {
    await link(unfinished, path);
  } catch (error) {
    if (!isTakenByAnother(error)) throw error;
  }
  await removeUnfinished(path);
  await syncDirectory(dirname(path));
};
