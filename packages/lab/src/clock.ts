// Time as something that is handed in. The only place of the lab that may read the system's clocks.

export type Clock = {
  /** Milliseconds since 1970, for people. */
  readonly wallMs: () => number;
  /** Milliseconds that never run backwards, for waiting. */
  readonly monotonicMs: () => number;
  /** Calls `work` once after `delayMs`; the returned function cancels. */
  readonly after: (delayMs: number, work: () => void) => () => void;
};

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
