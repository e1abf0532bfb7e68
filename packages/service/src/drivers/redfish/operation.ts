// One call of the driver, from its start to its deadline. All its requests and pauses share the one limit.

import type { Clock } from '#clock';

import { Failure } from '@bessemer/protocol/errors/failure';

import { pause } from '../pause.ts';

export type Operation = {
  /** Throws Failure 'bmc.unreachable' when nothing remains. */
  readonly remainingMs: () => number;
  /** False, without waiting, when the pause would not end before the deadline. */
  readonly pause: (delayMs: number) => Promise<boolean>;
};

export const startOperation = (clock: Clock, origin: string, timeoutMs: number): Operation => {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  return {
    remainingMs: () => {
      const remainingMs = deadlineMs - clock.monotonicMs();
      if (remainingMs > 0) return remainingMs;
      throw new Failure(
        'bmc.unreachable',
        `The BMC at ${origin} did not finish within the ${timeoutMs} ms that the operation may take`,
        { isRetryable: true },
      );
    },
    pause: async (delayMs) => {
      if (clock.monotonicMs() + delayMs >= deadlineMs) return false;
      await pause(clock, delayMs);
      return true;
    },
  };
};
