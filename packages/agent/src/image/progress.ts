// Progress of a long transfer, told at most twice a second.

import type { Clock } from '#clock';
import type { Report } from '../agent-context.ts';

export type Progress = {
  readonly add: (bytes: number) => void;
  /** Absolute, for work that knows its position. */
  readonly set: (doneBytes: number) => void;
  readonly end: () => void;
};

const REPORT_EVERY_MS = 500;

export const makeProgress = (
  clock: Clock,
  report: Report,
  phase: string,
  totalBytes: number | null,
): Progress => {
  const startedAtMs = clock.monotonicMs();
  let doneBytes = 0;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const say = (): void => {
    saidAtMs = clock.monotonicMs();
    const seconds = (saidAtMs - startedAtMs) / 1000;
    const bytesPerSecond = seconds > 0 ? Math.round(doneBytes / seconds) : null;
    const etaSeconds =
      totalBytes === null || bytesPerSecond === null || bytesPerSecond === 0
        ? null
        : Math.max(0, Math.round((totalBytes - doneBytes) / bytesPerSecond));
    report({ phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds });
  };
  const sayIfDue = (): void => {
    if (clock.monotonicMs() - saidAtMs >= REPORT_EVERY_MS) say();
  };
  return {
    add: (bytes) => {
      doneBytes += bytes;
      sayIfDue();
    },
    set: (bytes) => {
      doneBytes = bytes;
      sayIfDue();
    },
    end: say,
  };
};
