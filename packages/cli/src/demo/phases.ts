// The phases of the demo: each with what it does, how long it took, and the proof that it did it.

import { durationText } from '#output/quantity';
import type { Screen } from '#output/screen';
import { renderTable } from '#output/table';

import type { Clock } from '../clock.ts';

export type Phases = {
  /** Runs `work`, which returns the proof. */
  readonly run: (name: string, work: () => Promise<string>) => Promise<void>;
  /** Runs `work`, whose result others need; `proofOf` says what it proves. */
  readonly make: <T>(
    name: string,
    work: () => Promise<T>,
    proofOf: (made: T) => string,
  ) => Promise<T>;
  readonly summary: () => string;
};

type Phase = { readonly name: string; readonly ms: number; readonly proof: string };

export const makePhases = (screen: Screen, clock: Clock): Phases => {
  const done: Phase[] = [];
  const startedMs = clock.monotonicMs();
  const make: Phases['make'] = async (name, work, proofOf) => {
    screen.line(`== ${name}`);
    const beforeMs = clock.monotonicMs();
    let proof = 'FAILED';
    try {
      const made = await work();
      proof = proofOf(made);
      return made;
    } finally {
      screen.live(undefined);
      const ms = clock.monotonicMs() - beforeMs;
      done.push({ name, ms, proof });
      screen.line(`   ${durationText(ms)}: ${proof}`);
    }
  };
  return {
    make,
    run: async (name, work) => {
      await make(name, work, (proof) => proof);
    },
    summary: () =>
      renderTable(
        ['phase', 'seconds', 'proof'],
        [
          ...done.map(({ name, ms, proof }) => [name, secondsText(ms), proof]),
          ['all', secondsText(clock.monotonicMs() - startedMs), ''],
        ],
      ),
  };
};

const secondsText = (ms: number): string => (ms / 1000).toFixed(1).padStart('seconds'.length);
