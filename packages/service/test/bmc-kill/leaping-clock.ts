// The clock of a scene: it runs, and leaps when somebody says that time has passed; what was due by then happens.

import type { Clock } from '#clock';

import { shiftedClock } from './life.ts';

export type LeapingClock = Clock & {
  readonly leap: (ms: number) => void;
  readonly shiftMs: () => number;
};

export const makeLeapingClock = (): LeapingClock => {
  let shift = 0;
  const clock = shiftedClock(() => shift);
  const waiting = new Set<{ readonly dueMs: number; readonly happen: () => void }>();
  return {
    ...clock,
    shiftMs: () => shift,
    after: (delayMs, work) => {
      const happen = (): void => {
        waiting.delete(entry);
        cancel();
        work();
      };
      const entry = { dueMs: clock.monotonicMs() + delayMs, happen };
      const cancel = clock.after(delayMs, happen);
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
        cancel();
      };
    },
    leap: (ms) => {
      shift += ms;
      const nowMs = clock.monotonicMs();
      const due = [...waiting].filter(({ dueMs }) => dueMs <= nowMs);
      for (const { happen } of due) happen();
    },
  };
};
