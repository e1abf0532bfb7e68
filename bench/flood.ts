// T-14: what a flood of wrong tokens from a few addresses costs the users of the public API. Flood and service share
// the machine here; the flood runs with less priority, as it would sit elsewhere in truth.

import { measureFlood } from '../packages/lab/src/drill/stage/flood.ts';
import { openStage } from '../packages/lab/src/drill/stage/stage.ts';

import { type Bench, medianOf } from './measurement.ts';

const ROUNDS = 5;
const ROUNDS_QUICK = 2;
const RATIO_MAX = 2;

export const flood: Bench = {
  name: 'flood',
  run: async ({ isQuick }) => {
    const stage = await openStage();
    try {
      const machine = await stage.played();
      // The first round warms the service up.
      await measureFlood(stage, machine.uuid);
      const rounds = [];
      for (let round = 0; round < (isQuick ? ROUNDS_QUICK : ROUNDS); round += 1) {
        rounds.push(await measureFlood(stage, machine.uuid));
      }
      const idleMs = medianOf(rounds.map((each) => each.idleMs));
      const floodedMs = medianOf(rounds.map((each) => each.floodedMs));
      return [
        {
          what: 'p99 of users while wrong tokens flood in',
          measured: floodedMs,
          unit: 'ms',
          limit: { value: idleMs, what: 'p99 of users without the flood' },
          goal: `at most ${RATIO_MAX} x`,
          isMet: floodedMs <= idleMs * RATIO_MAX,
        },
      ];
    } finally {
      await stage.close();
    }
  },
};
