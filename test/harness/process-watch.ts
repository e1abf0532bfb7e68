// What anybody on the host could see of its processes meanwhile: arguments and environments.

import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EACH_MS = 10;

export type ProcessWatch = {
  /** Ends the watch. Every text that was seen, once. */
  readonly end: () => Promise<ReadonlySet<string>>;
};

export const watchProcesses = (): ProcessWatch => {
  const seen = new Set<string>();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      for (const file of ['cmdline', 'environ']) {
        // Most processes that are gone are gone between the list and the look.
        const text = await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
        if (text !== '') seen.add(text.replaceAll('\0', ' '));
      }
    }
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      await look();
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
