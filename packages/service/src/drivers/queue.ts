// One request at a time per BMC: many answer two at once by failing both. Fair, bounded, without timers.

import { Failure } from '@bessemer/protocol/errors/failure';

export type Queue = {
  /** Runs `work` after everything that was handed in before it has ended. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  readonly length: () => number;
};

export const makeQueue = (name: string, lengthMax: number): Queue => {
  let last: Promise<unknown> = Promise.resolve();
  let length = 0;
  return {
    length: () => length,
    run: async (work) => {
      if (length >= lengthMax) {
        throw new Failure(
          'bmc.unreachable',
          `${length} requests already wait for the BMC at ${name}`,
          {
            isRetryable: true,
          },
        );
      }
      length += 1;
      const turn = last.then(work);
      // The next one waits for the end of this one, whichever way it ends.
      last = turn.then(
        () => undefined,
        () => undefined,
      );
      try {
        return await turn;
      } finally {
        length -= 1;
      }
    },
  };
};
