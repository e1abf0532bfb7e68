// openstacksdk's whole bare-metal proxy, as Debian has it, against the real service in each authentication mode. The
// cases are in clients/sdk-cases.py; which methods there are is asked of the SDK.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { MODES, startInMode } from './clients/modes.ts';

const PROGRAM = join(import.meta.dirname, 'clients', 'sdk-cases.py');
/** Debian's, which has Debian's SDK; another may come first in PATH. */
const PYTHON = '/usr/bin/python3';
/** A run takes ten seconds on a machine with nothing else to do. */
const RUN_MS_MAX = 240_000;

type Line =
  | { readonly case: string; readonly error: string | null }
  | { readonly methods: readonly string[]; readonly called: readonly string[] };

const runCases = (environment: { readonly [name: string]: string }): Promise<readonly Line[]> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...environment };
    const options = { env, timeout: RUN_MS_MAX };
    execFile(PYTHON, ['-I', PROGRAM], options, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${error.message}\n${stderr.slice(-3_000)}`));
      else
        resolve(
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Line),
        );
    });
  });

// Much of a run is the SDK's own waiting between two looks.
describe('openstacksdk', { concurrency: true }, () => {
  for (const mode of MODES) {
    test(`every method of its bare-metal proxy works, authentication ${mode}`, async (t) => {
      const inMode = await startInMode(mode);
      t.after(() => inMode.stop());

      const lines = await runCases(inMode.environment);

      const failed = lines.filter((line) => 'case' in line && line.error !== null);
      assert.deepEqual(failed, []);
      const last = lines.at(-1);
      assert.ok(last !== undefined && 'methods' in last);
      assert.ok(last.methods.length > 70);
      assert.deepEqual(last.called, last.methods);
    });
  }
});
