// Whether files have changed since they were last looked at, for the price of a clock reading most of the time. No
// watcher and no timer: nothing happens unless somebody asks.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '#clock';

/** A change counts after at most so long, and the disk is not asked more often. */
const LOOK_MS = 1_000;

export type WatchedFiles = {
  /** True once for each change. */
  readonly hasChanged: () => boolean;
};

const ABSENT = 'absent';

const markOf = (path: string): string => {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? ABSENT : 'unreadable';
  }
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory).sort();
  } catch {
    // Its own mark tells that it is absent or unreadable.
    return [];
  }
};

/** `directories` are looked at with everything that is directly in them. */
export const watchFiles = (
  files: readonly string[],
  directories: readonly string[],
  clock: Clock,
): WatchedFiles => {
  const mark = (): string =>
    [
      ...files.map(markOf),
      ...directories.flatMap((directory) => [
        markOf(directory),
        ...namesIn(directory).map((name) => `${name}=${markOf(join(directory, name))}`),
      ]),
    ].join(' ');
  let last = mark();
  let nextLookMs = clock.monotonicMs() + LOOK_MS;
  return {
    hasChanged: () => {
      const nowMs = clock.monotonicMs();
      if (nowMs < nextLookMs) return false;
      nextLookMs = nowMs + LOOK_MS;
      const now = mark();
      if (now === last) return false;
      last = now;
      return true;
    },
  };
};
