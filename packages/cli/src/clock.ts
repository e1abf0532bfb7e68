// Time as something that is handed in. The only place of the command line that may read the system's clocks.

export type Clock = {
  /** Milliseconds since 1970, for people. */
  readonly wallMs: () => number;
  /** Milliseconds that never run backwards, for waiting and durations within this process. */
  readonly monotonicMs: () => number;
  /** Resolves after `delayMs`, or at once when `signal` is aborted. */
  readonly pause: (delayMs: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  pause: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener('abort', done);
    }),
};
