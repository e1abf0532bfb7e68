import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeScreen } from './screen.ts';

const record = (isTTY: boolean) => {
  const written: string[] = [];
  const now = { ms: 0 };
  const output = { isTTY, columns: 20, write: (text: string) => written.push(text) };
  return { screen: makeScreen(output, () => now.ms), written, now };
};

test('on a terminal the live line is rewritten and lines stay above it', () => {
  const { screen, written } = record(true);

  screen.live('one');
  screen.live('two');
  screen.line('done');
  screen.live(undefined);

  const clear = '\r\u001B[2K';
  assert.equal(written.join(''), `one${clear}two${clear}done\ntwo${clear}`);
});

test('a live line never wraps', () => {
  const { screen, written } = record(true);

  screen.live('x'.repeat(50));

  assert.equal(written.join('').length, 19);
});

test('on a pipe there is a live line now and then, and no control characters', () => {
  const { screen, written, now } = record(false);

  screen.line('first');
  screen.live('too soon');
  now.ms = 6_000;
  screen.live('later');
  screen.live('too soon again');

  assert.equal(written.join(''), 'first\nlater\n');
});

test('what a machine says cannot move the cursor', () => {
  const { screen, written } = record(false);

  screen.line('a\u001B[2Jb\u0007');

  assert.equal(written.join(''), 'a?[2Jb?\n');
});
