import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeWaitingLine, type WaitingLine } from './waiting-line.ts';

const always = (): boolean => true;

const lineOf = (...items: readonly string[]): WaitingLine<string> => {
  const line = makeWaitingLine<string>();
  for (const item of items) line.add(item.slice(0, 1), item);
  return line;
};
const order = (line: WaitingLine<string>): string => {
  const taken = [];
  for (let item = line.next(always); item !== undefined; item = line.next(always)) taken.push(item);
  return taken.join(' ');
};

test('sources take turns, and each goes in its own order', () => {
  assert.equal(order(lineOf('a1', 'a2', 'a3', 'b1', 'c1', 'b2')), 'a1 b1 c1 a2 b2 a3');
});

test('a source whose turn it is not is passed over and keeps its place', () => {
  const line = lineOf('a1', 'b1', 'a2');

  assert.equal(
    line.next((source) => source !== 'a'),
    'b1',
  );

  assert.equal(
    line.next((source) => source === 'c'),
    undefined,
  );
  assert.equal(order(line), 'a1 a2');
});

test('who leaves is not let in later', () => {
  const line = lineOf('a1', 'a2', 'b1');

  line.remove('a', 'a1');
  line.remove('b', 'b1');
  line.remove('b', 'b1');

  assert.deepEqual([line.size(), line.sizeOf('a'), line.sizeOf('b')], [1, 1, 0]);
  assert.equal(order(line), 'a2');
});

test('when there are too many, the last of whoever has most goes', () => {
  const line = lineOf('a1', 'b1', 'b2', 'b3', 'a2');

  assert.equal(line.dropFromLongest(), 'b3');

  assert.equal(line.size(), 4);
  assert.equal(makeWaitingLine().dropFromLongest(), undefined);
});
