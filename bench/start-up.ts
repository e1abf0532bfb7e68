// From the start of the process to the first 200, and what the process keeps in memory.

import { join } from 'node:path';
import { rmSync } from 'node:fs';

import { enrol } from './enrolment.ts';
import { startLimit } from './limit.ts';
import { type Bench, medianOf, type Measurement } from './measurement.ts';
import { makeDirectory, startServe } from './served.ts';

const READY_SECONDS_MAX = 0.6;
const IDLE_MIB_MAX = 150;
const LOADED_MIB_MAX = 200;
const SETTLE_MS = 1_000;

export const startUp: Bench = {
  name: 'start-up',
  run: async (size) => {
    const rounds = size.isQuick ? 1 : 5;
    const directory = makeDirectory();
    const measured: number[] = [];
    const limits: number[] = [];
    // The first start makes keys and certificates: it is not what a restart costs.
    await (await startServe({ directory })).end();
    for (let round = 0; round < rounds; round += 1) {
      const served = await startServe({ directory });
      measured.push(served.readySeconds);
      await served.end();
      const limit = await startLimit([join(directory, 'limit.sqlite')]);
      limits.push(limit.readySeconds);
      await limit.stop();
    }
    const results: Measurement[] = [];
    const seconds = medianOf(measured);
    results.push({
      what: 'serve to the first 200',
      measured: seconds,
      unit: 's',
      limit: { value: medianOf(limits), what: 'bare Fastify with SQLite' },
      goal: `under ${READY_SECONDS_MAX} s`,
      isMet: seconds < READY_SECONDS_MAX,
    });
    const served = await startServe({ directory });
    await new Promise((resolve) => {
      setTimeout(resolve, SETTLE_MS);
    });
    const idle = served.residentMiB();
    results.push({
      what: 'resident memory, idle',
      measured: idle,
      unit: 'MiB',
      limit: null,
      goal: `under ${IDLE_MIB_MAX} MiB`,
      isMet: idle < IDLE_MIB_MAX,
    });
    await enrol(served, size.nodes);
    const loaded = served.residentMiB();
    results.push({
      what: `resident memory with ${size.nodes} fake nodes`,
      measured: loaded,
      unit: 'MiB',
      limit: null,
      goal: `under ${LOADED_MIB_MAX} MiB`,
      isMet: loaded < LOADED_MIB_MAX,
    });
    await served.end();
    rmSync(directory, { recursive: true, force: true });
    return results;
  },
};
