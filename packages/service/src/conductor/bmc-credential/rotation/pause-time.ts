// How long a rotation has waited, and for how long it still does.

import type { RotationPause, RotationRecord, RotationWork } from '#store/bmc-rotations';

import type { RotationWait } from './rotation-run.ts';

type Waited = Pick<RotationWork, 'pause' | 'waitedMs' | 'waitedTotalMs'>;

/** With the pause that is over counted in. */
export const pauseOver = ({ pause, waitedMs = {}, waitedTotalMs = 0 }: Waited, nowMs: number) => {
  if (pause == null) return { pause: null, waitedMs, waitedTotalMs };
  const spentMs = Math.max(0, Math.min(nowMs, pause.untilMs) - pause.sinceMs);
  return {
    pause: null,
    waitedMs: { ...waitedMs, [pause.reason]: (waitedMs[pause.reason] ?? 0) + spentMs },
    waitedTotalMs: waitedTotalMs + spentMs,
  };
};

export const pauseOf = ({ lookAfterMs, ...words }: RotationWait, nowMs: number): RotationPause => ({
  ...words,
  sinceMs: nowMs,
  untilMs: nowMs + lookAfterMs,
});

/** What is still waited for, whoever looks. A clock that was set back does not make it longer. */
export const pauseLeft = (
  { work }: Pick<RotationRecord, 'work'>,
  nowMs: number,
): RotationWait | undefined => {
  if (work.pause == null) return undefined;
  const { sinceMs, untilMs, ...words } = work.pause;
  if (nowMs < sinceMs || nowMs >= untilMs) return undefined;
  return { ...words, lookAfterMs: untilMs - nowMs };
};
