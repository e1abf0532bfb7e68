// Small files of the kernel: one value each, often absent.

import { access, readFile, realpath } from 'node:fs/promises';

/** Trimmed; null when absent, unreadable or empty. */
export const readSysfs = async (path: string): Promise<string | null> => {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? null : text;
  } catch (error) {
    // Some values exist and answer EINVAL (the speed of a card without a cable): as good as absent.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
};

export const isThere = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
};

/** Last part of what a link points to; null when absent. */
export const linkName = async (path: string): Promise<string | null> => {
  try {
    return (await realpath(path)).split('/').at(-1) ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
};
