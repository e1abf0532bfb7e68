import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { makeSequenceWindow } from './sequence-window.ts';

test('a number counts once', () => {
  const window = makeSequenceWindow();

  assert.deepEqual(
    [1, 1, 3, 2, 3, 2].map((number) => window.take(number)),
    [true, false, true, true, false, false],
  );
});

test('a packet may be overtaken by fifteen others, and not by sixteen', () => {
  const window = makeSequenceWindow();

  window.take(20);

  assert.equal(window.take(5), true);
  assert.equal(window.take(4), false);
});

for (const number of [0, -1, 2 ** 32]) {
  test(`${number} is no number of a packet`, () => {
    assert.equal(makeSequenceWindow().take(number), false);
  });
}

test('whatever the order, no number is taken twice', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (numbers) => {
      const window = makeSequenceWindow();

      const taken = numbers.filter((number) => window.take(number));

      assert.equal(new Set(taken).size, taken.length);
    }),
  );
});
