// A clock that runs faster than the world, so that intervals of minutes are measured in seconds.

import type { Clock } from '../packages/service/src/clock.ts';

export const makeScaledClock = (scale: number): Clock => {
  const startedMs = performance.now();
  const wallStartMs = Date.now();
  const elapsedMs = (): number => (performance.now() - startedMs) * scale;
  return {
    wallMs: () => Math.round(wallStartMs + elapsedMs()),
    monotonicMs: elapsedMs,
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs / scale);
      return () => clearTimeout(timer);
    },
  };
};

export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
