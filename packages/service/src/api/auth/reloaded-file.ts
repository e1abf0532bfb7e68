// A small file of the operator's that counts as soon as it is changed. Read once at the start, so that a bad one stops
// it; a bad change later keeps the last good content.

import { readFileSync, statSync } from 'node:fs';

/** Far more than the accounts of one service need; keeps a wrong file from being read into memory. */
const FILE_BYTES_MAX = 1_024 * 1_024;

export type ReloadedFile<T> = {
  /** Looks at the file first, and reads it again when it has changed. */
  readonly content: () => T;
  /** Changes whenever the file does. */
  readonly generation: () => string;
};

const generationOf = (path: string): string => {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch (error) {
    // Reading it says what is wrong; a request that only asks is not what fails.
    return String((error as NodeJS.ErrnoException).code);
  }
};

const read = (path: string): string => {
  const { size } = statSync(path);
  if (size > FILE_BYTES_MAX) throw new Error(`${path} is larger than 1 MiB`);
  return readFileSync(path, 'utf8');
};

/** Throws what reading or `parse` throws. */
export const openReloadedFile = <T>(
  path: string,
  parse: (text: string, path: string) => T,
  warn: (text: string) => void,
): ReloadedFile<T> => {
  let generation = generationOf(path);
  let content = parse(read(path), path);
  const refresh = (): void => {
    const now = generationOf(path);
    if (now === generation) return;
    generation = now;
    try {
      content = parse(read(path), path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      warn(`${path} was changed but cannot be used; the last good content stays: ${reason}`);
    }
  };
  return {
    content: () => {
      refresh();
      return content;
    },
    generation: () => {
      refresh();
      return generation;
    },
  };
};
