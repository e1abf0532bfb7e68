// Writes a small file with secrets whole or not at all: a reader never sees half of it. What an operator chose for a
// file that is already there (owner, mode, a link to it) stays.

import { chmod, chown, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { syncDirectory } from '#trust/write-once';

const PRIVATE_MODE = 0o600;

export const replaceFile = async (path: string, text: string): Promise<void> => {
  const target = await realpath(path).catch(() => path);
  const before = await stat(target).catch(() => undefined);
  const unfinished = `${target}.new`;
  await rm(unfinished, { force: true });
  const file = await open(unfinished, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  if (before !== undefined) {
    const mine = await stat(unfinished);
    const isOwnedByOther = mine.uid !== before.uid || mine.gid !== before.gid;
    if (isOwnedByOther) await chown(unfinished, before.uid, before.gid);
    // Without this a service that reads the file by its group could not any more.
    await chmod(unfinished, before.mode & 0o777);
  }
  await rename(unfinished, target);
  await syncDirectory(dirname(target));
};
