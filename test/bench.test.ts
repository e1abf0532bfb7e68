// Every bench runs and gives figures. What the figures are is not tested: that is what `npm run bench` is for.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const MAIN = join(import.meta.dirname, '../bench/main.ts');
const LINE = /^(ok|MISSED) /;
/** A bench that takes longer hangs; on an idle machine each takes some seconds. */
const BENCH_MS_MAX = 120_000;

for (const name of [
  'start-up',
  'heartbeats',
  'reads',
  'writes',
  'policy',
  'enrolment',
  'fleet',
  'image',
  'poll-sweep',
  'lookups',
  'detection',
  'token-timing',
  'ipmi-power',
  'bmc-rotations',
]) {
  test(`the bench ${name} runs with tiny sizes`, async () => {
    const args = [MAIN, '--tiny', name];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: BENCH_MS_MAX });

    const [, ...lines] = stdout.trim().split('\n');

    assert.ok(lines.length > 0);
    for (const line of lines) assert.match(line, LINE);
  });
}
