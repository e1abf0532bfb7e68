// Programs that the agent starts.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryProgram } from '../src/run-program.ts';

const SOURCES = join(import.meta.dirname, '../src');

const sourcesThat = async (pattern: RegExp): Promise<readonly string[]> => {
  const names = (await readdir(SOURCES, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const texts = await Promise.all(names.map((name) => readFile(join(SOURCES, name), 'utf8')));
  return names.filter((_, index) => pattern.test(texts[index] ?? ''));
};

test('T-24: programs are started in one place, and nowhere by a shell', async () => {
  assert.deepEqual(await sourcesThat(/child_process/), ['run-program.ts']);
  assert.deepEqual(
    await sourcesThat(/\bshell:|\bexec(?:Sync)?\(['"`]|['"`](?:\/bin\/)?sh['"`]/),
    [],
  );
});

for (const argument of [
  '$(touch /tmp/bessemer-owned)',
  '`id`',
  'a; reboot',
  'a && b | c > d',
  'line\nbreak',
  '\'"\\',
  '--help',
  '*',
  '',
]) {
  test(`T-24: ${JSON.stringify(argument)} reaches a program as it is`, async () => {
    const { status, stdout } = await tryProgram('printf', ['%s', argument]);

    assert.deepEqual([status, stdout], [0, argument]);
  });
}

test('T-24: what the agent was told is not in the environment of programs', async () => {
  const { stdout } = await tryProgram('env', []);

  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  assert.deepEqual(new Set(names), new Set(['LC_ALL', 'PATH']));
});
