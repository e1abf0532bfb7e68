// A clock that a test moves by hand.

import type { Clock } from '#clock';

export type HandClock = Clock & { readonly advance: (byMs: number) => void };

export const makeHandClock = (): HandClock => {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly work: () => void }>();
  return {
    wallMs: () => 1_795_000_000_000 + nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, work) => {
      const timer = { atMs: nowMs + delayMs, work };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (byMs) => {
      nowMs += byMs;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.work();
      }
    },
  };
};
