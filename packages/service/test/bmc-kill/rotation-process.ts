// The process that is killed: one life (see life.ts), told by one line of JSON per thing that happened. Run by the tests as
// `node rotation-process.js FILE`, with
//   ROTATION_CLOCK_MS   how much later it is
//   ROTATION_KILL_AT    "17 before": SIGKILL before the act of the 17th point, or after it
//   ROTATION_STOP_AT    the same with SIGSTOP
// The passwords are in no line, no argument and no variable.

import { readFileSync, writeSync } from 'node:fs';

import { LeaseLost } from '#conductor/workflow/lease-lost';

import { type LifeSetup, openLife, shiftedClock } from './life.ts';

const STDOUT = 1;
const [setupFile = ''] = process.argv.slice(2);
const setup = JSON.parse(readFileSync(setupFile, 'utf8')) as LifeSetup;
const shiftMs = Number(process.env['ROTATION_CLOCK_MS'] ?? 0);
const killAt = process.env['ROTATION_KILL_AT'];
const stopAt = process.env['ROTATION_STOP_AT'];

// Written before the next instruction: what died has told all that it did.
const tell = (line: object): void => {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
};

let point = 0;
const life = await openLife(setup, {
  clock: shiftedClock(() => shiftMs),
  onEvent: ({ name }) => tell({ event: name }),
  faultPoint: (name, when) => {
    if (when === 'before') point += 1;
    const here = `${point} ${when}`;
    tell({ point: here, name });
    if (here === killAt) process.kill(process.pid, 'SIGKILL');
    if (here === stopAt) process.kill(process.pid, 'SIGSTOP');
  },
});
const fence = await life.claim();
if (fence === undefined) throw new Error('somebody else has the node');
try {
  const end = await life.goOn(fence);
  if (end === undefined) tell({ end: 'nothing' });
  else if (end.kind === 'wait')
    tell({ end: 'wait', afterMs: end.wait.lookAfterMs, code: end.wait.code });
  else
    tell({ end: 'ended', outcome: end.rotation.outcome, text: end.rotation.error?.text ?? null });
} catch (error) {
  if (!(error instanceof LeaseLost)) throw error;
  tell({ end: 'lease-lost' });
}
await life.close();
