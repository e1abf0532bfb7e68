// Every bench runs and gives figures. What the figures are is not tested: that is what `npm run bench` is for.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const MAIN = join(import.meta.dirname, '../bench/main.ts');
const LINE = /^(ok|MISSED) /;

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
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--tiny', name]);

    const [, ...lines] = stdout.trim().split('\n');

    assert.ok(lines.length > 0);
    for (const line of lines) assert.match(line, LINE);
  });
}
