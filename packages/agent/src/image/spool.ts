// Between a socket and who reads from it: two buffers by turns. The socket fills one while the other is read, and
// is paused when the reader is slower.

import { TransferBroken } from './transfer-broken.ts';

const SPOOL_BYTES = 2 * 1024 * 1024;
/** The rest takes what is under way when reading is paused: TLS hands out what it has already opened. */
const SPOOL_FULL_BYTES = 1024 * 1024;

export type Spool = {
  /** False asks the socket to pause. */
  readonly push: (bytes: Uint8Array, count: number) => boolean;
  /** What has come since; good until the next call. Null at the end. */
  readonly next: () => Promise<Buffer | null>;
  readonly end: (error: Error | null) => void;
  readonly isPaused: () => boolean;
  readonly onDrained: (resume: () => void) => void;
};

export const makeSpool = (): Spool => {
  let filling = Buffer.allocUnsafeSlow(SPOOL_BYTES);
  let reading = Buffer.allocUnsafeSlow(SPOOL_BYTES);
  let filled = 0;
  let isPaused = false;
  let ended: { readonly error: Error | null } | null = null;
  let wake: () => void = () => {};
  let resume: () => void = () => {};
  return {
    push: (bytes, count) => {
      if (filled + count > SPOOL_BYTES) {
        ended ??= { error: new TransferBroken('the socket did not pause') };
      } else {
        filling.set(bytes.subarray(0, count), filled);
        filled += count;
      }
      wake();
      isPaused = filled >= SPOOL_FULL_BYTES;
      return !isPaused;
    },
    next: async () => {
      for (;;) {
        if (filled > 0) break;
        if (ended !== null) {
          if (ended.error !== null) throw ended.error;
          return null;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const chunk = filling.subarray(0, filled);
      [filling, reading] = [reading, filling];
      filled = 0;
      if (isPaused) {
        isPaused = false;
        resume();
      }
      return chunk;
    },
    end: (error) => {
      ended ??= { error };
      wake();
    },
    isPaused: () => isPaused,
    onDrained: (work) => {
      resume = work;
    },
  };
};
