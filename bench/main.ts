// `npm run bench`: speed and size against limits that are measured in the same run, on the same machine.
//   npm run bench                      all of it, about five minutes
//   npm run bench -- --quick           small sizes
//   npm run bench -- reads fleet       only these
//   npm run bench -- poll-sweep --compare-keys   other kinds of agent keys too
// Ends with 0 whether goals are met or not: a busy machine misses some. The lines say which.

import { parseArgs } from 'node:util';

import { bmcRotations } from './bmc-rotations.ts';
import { detection } from './detection.ts';
import { enrolment } from './enrolment.ts';
import { fleet } from './fleet.ts';
import { flood } from './flood.ts';
import { heartbeats } from './heartbeats.ts';
import { imageWriting } from './image-writing.ts';
import { ipmiPower } from './ipmi-power.ts';
import { lookups } from './lookups.ts';
import { type Bench, type BenchSize, headLine, lineOf } from './measurement.ts';
import { policy } from './policy.ts';
import { pollSweep } from './poll-sweep.ts';
import { reads } from './reads.ts';
import { startUp } from './start-up.ts';
import { tokenTiming } from './token-timing.ts';
import { writes } from './writes.ts';

const BENCHES: readonly Bench[] = [
  startUp,
  heartbeats,
  lookups,
  reads,
  writes,
  policy,
  enrolment,
  fleet,
  imageWriting,
  pollSweep,
  detection,
  tokenTiming,
  flood,
  ipmiPower,
  bmcRotations,
];
const SIZES: { readonly [name: string]: Omit<BenchSize, 'isComparingKeys'> } = {
  whole: {
    isQuick: false,
    seconds: 6,
    nodes: 1_000,
    stored: 10_000,
    fleet: 200,
    imageMiB: 4_096,
    agents: 10_000,
    sessions: 10_000,
    watched: 400,
    clockScale: 10,
  },
  quick: {
    isQuick: true,
    seconds: 2,
    nodes: 200,
    stored: 1_000,
    fleet: 50,
    imageMiB: 256,
    agents: 2_000,
    sessions: 2_000,
    watched: 200,
    clockScale: 20,
  },
  tiny: {
    isQuick: true,
    seconds: 0.3,
    nodes: 20,
    stored: 40,
    fleet: 4,
    imageMiB: 16,
    agents: 60,
    sessions: 60,
    watched: 20,
    clockScale: 60,
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    tiny: { type: 'boolean' },
    'compare-keys': { type: 'boolean' },
  },
});
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
const sizes = SIZES[values.tiny === true ? 'tiny' : values.quick === true ? 'quick' : 'whole'];
if (unknown.length > 0 || sizes === undefined) {
  process.stderr.write(
    `no bench ${unknown.join(', ')}; there are ${BENCHES.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
const size = { ...sizes, isComparingKeys: values['compare-keys'] === true };
process.stdout.write(`${headLine()}\n`);
let failures = 0;
for (const bench of BENCHES) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  try {
    for (const each of await bench.run(size)) process.stdout.write(`${lineOf(each)}\n`);
  } catch (error) {
    failures += 1;
    process.stdout.write(`FAILED  ${bench.name}: ${error instanceof Error ? error.message : ''}\n`);
  }
}
process.exit(failures === 0 ? 0 : 1);
