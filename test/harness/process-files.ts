// What anybody on the host can see of its processes: arguments and environments, as they are now.

import { readdirSync, readFileSync } from 'node:fs';

export const PROCESS_FILES = ['cmdline', 'environ'] as const;

/** Some end while they are looked at, and some are others'. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
};

/** Not by way of the thread pool: hundreds of files that lie in no storage, many times a second. */
export const readProcesses = (file: (typeof PROCESS_FILES)[number]): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => textOf(`/proc/${id}/${file}`))
    .filter((text) => text !== '');
