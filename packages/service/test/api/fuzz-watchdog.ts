// Ends the process when a request holds it: timers of the thread that hangs would never be called. It runs in a thread
// of its own, started by fuzz-run.ts.

import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

type Watch = { readonly beats: SharedArrayBuffer; readonly seed: number; readonly limitMs: number };

const { beats, seed, limitMs } = workerData as Watch;
const STDERR = 2;
const count = new Int32Array(beats);
let seen = -1;

setInterval(() => {
  const now = Atomics.load(count, 0);
  if (now === seen) {
    writeSync(STDERR, `the service hangs in request ${now} of seed ${seed}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  seen = now;
}, limitMs);
