// Time as something that is handed in. The only place of the service that may read the system's clocks.

export type Clock = {
  /** Milliseconds since 1970, for people and for rows. */
  readonly wallMs: () => number;
  /** Milliseconds that never run backwards, for waiting and leases within this process. */
  readonly monotonicMs: () => number;
  /** Calls `work` once after `delayMs`; the returned function cancels. Does not keep the process alive. */
  readonly after: (delayMs: number, work: () => void) => () => void;
};

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** `2026-11-21T02:24:26.626000+00:00`: the API's time format. */
export const isoTime = (wallMs: number): string =>
  `${new Date(wallMs).toISOString().slice(0, -1)}000+00:00`;
