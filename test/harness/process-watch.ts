// What anybody on the host could see of its processes meanwhile: arguments and environments.

import { setTimeout as pause } from 'node:timers/promises';

import { PROCESS_FILES, readProcesses } from './process-files.ts';

const LOOK_EACH_MS = 10;

export type ProcessWatch = {
  /** Ends the watch. Every text that was seen, once. */
  readonly end: () => Promise<ReadonlySet<string>>;
};

export const watchProcesses = (): ProcessWatch => {
  const seen = new Set<string>();
  const over = new AbortController();
  const look = (): void => {
    for (const file of PROCESS_FILES) {
      for (const text of readProcesses(file)) seen.add(text.replaceAll('\0', ' '));
    }
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      look();
      await pause(LOOK_EACH_MS);
    }
  })();
  return {
    end: async () => {
      over.abort();
      await watching;
      return seen;
    },
  };
};
