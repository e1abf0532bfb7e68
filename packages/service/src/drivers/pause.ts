// Waiting on the clock that was handed in.

import type { Clock } from '#clock';

export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  delayMs <= 0
    ? Promise.resolve()
    : new Promise((resolve) => {
        clock.after(delayMs, resolve);
      });
