// How often a download may fail. Pauses grow up to the configured interval. A transfer that ends at the same byte
// three times is no bad luck but a short file, and is given up at once instead of after minutes.

import type { Clock } from '#clock';
import { CommandFailure } from '../command-failure.ts';

export type RetryBudget = {
  /**
   * Waits before the next attempt, or throws when there is none left. `endedAtByte`: where a transfer ended; null when
   * none began, as while a server is away, which says nothing about the file.
   */
  readonly spend: (reason: string, endedAtByte: number | null) => Promise<void>;
};

const FIRST_PAUSE_MS = 1_000;
const SAME_PLACE_MAX = 3;

export const makeRetryBudget = (
  clock: Clock,
  options: { readonly retries: number; readonly intervalMs: number },
): RetryBudget => {
  let spent = 0;
  let place: number | null = null;
  let samePlace = 0;
  return {
    spend: async (reason, endedAtByte) => {
      if (endedAtByte !== null) {
        samePlace = endedAtByte === place ? samePlace + 1 : 1;
        place = endedAtByte;
      }
      const isShort = endedAtByte !== null && samePlace >= SAME_PLACE_MAX;
      if (isShort || spent >= options.retries) {
        throw new CommandFailure('ImageDownloadError', `${reason} (${spent + 1} attempts)`, {
          failureCode: 'image.download',
        });
      }
      const pauseMs = Math.min(options.intervalMs, FIRST_PAUSE_MS * 2 ** spent);
      spent += 1;
      await clock.sleep(pauseMs);
    },
  };
};
