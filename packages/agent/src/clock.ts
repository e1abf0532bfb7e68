// Time and chance as something that is handed in. The only place of the agent that may read the system's.

export type Clock = {
  /** Milliseconds since 1970, for people and for rows. */
  readonly wallMs: () => number;
  /** Milliseconds that never run backwards, for waiting within this process. */
  readonly monotonicMs: () => number;
  /** Calls `work` once after `delayMs`; the returned function cancels. Does not keep the process alive. */
  readonly after: (delayMs: number, work: () => void) => () => void;
  /** Keeps the process alive meanwhile. */
  readonly sleep: (delayMs: number) => Promise<void>;
  /** From 0 up to, not including, 1: for spreading calls in time, never for secrets. */
  readonly random: () => number;
};

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep: (delayMs) =>
    new Promise((resolve) => {
      setTimeout(resolve, delayMs);
    }),
  random: () => Math.random(),
};
