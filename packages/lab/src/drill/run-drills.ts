// Runs drills one after the other: each may need the whole machine for what it measures.

import { systemClock } from '../clock.ts';
import type { Drill, DrillResult, Finding } from './drill.ts';
import type { Stage } from './stage/stage.ts';

const DRILL_MS_MAX = 120_000;

const withinTime = (drill: Drill, stage: Stage): Promise<Finding> =>
  new Promise((resolve, reject) => {
    const cancel = systemClock.after(DRILL_MS_MAX, () => {
      reject(new Error(`not over after ${DRILL_MS_MAX / 1_000} s`));
    });
    drill.run(stage).then(resolve, reject).finally(cancel);
  });

export const runDrill = async (drill: Drill, stage: Stage): Promise<DrillResult> => {
  const { name, threats, attempt, expected } = drill;
  const startedMs = systemClock.monotonicMs();
  const about = { name, threats, attempt, expected };
  const elapsedMs = (): number => Math.round(systemClock.monotonicMs() - startedMs);
  try {
    const finding = await withinTime(drill, stage);
    const verdict = finding.deviations.length === 0 ? 'held' : 'BROKEN';
    return { ...about, ...finding, verdict, elapsedMs: elapsedMs() };
  } catch (error) {
    // Whatever went wrong: this attack was not made, and the others still are.
    const text = error instanceof Error ? error.message : String(error);
    const finding = { seen: 'nothing', deviations: [text] };
    return { ...about, ...finding, verdict: 'not staged', elapsedMs: elapsedMs() };
  }
};
