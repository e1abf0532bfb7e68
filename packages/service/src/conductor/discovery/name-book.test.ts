import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeHandClock } from '../../../test/drivers/hand-clock.ts';
import { type LookUpName, makeNameBook } from './name-book.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `nowhere` leads nowhere, `silent` is never answered. */
const makeDns = () => {
  const asked: string[] = [];
  const lookUp: LookUpName = (name) => {
    asked.push(name);
    if (name.startsWith('silent')) return new Promise(() => undefined);
    if (name === 'nowhere') return Promise.reject(new Error('ENOTFOUND'));
    return Promise.resolve(['10.30.0.9']);
  };
  return { asked, lookUp };
};

test('what leads somewhere is told, and what leads nowhere is not', async () => {
  const { lookUp } = makeDns();
  const book = makeNameBook(makeHandClock(), lookUp);

  const found = await book.find(new Set(['bmc-1', 'nowhere', 'bmc-2']));

  assert.deepEqual(
    [...found],
    [
      ['bmc-1', ['10.30.0.9']],
      ['bmc-2', ['10.30.0.9']],
    ],
  );
});

test('a name is asked for once a minute, also by those who ask at once, also in vain', async () => {
  const clock = makeHandClock();
  const { asked, lookUp } = makeDns();
  const book = makeNameBook(clock, lookUp);
  const names = new Set(['bmc-1', 'nowhere']);

  await Promise.all([book.find(names), book.find(names)]);
  clock.advance(59_000);
  await book.find(names);
  const before = asked.length;
  clock.advance(1_000);
  await book.find(names);

  assert.equal(before, 2);
  assert.equal(asked.length, 4);
});

test('a resolver that does not answer is given up after some names', async () => {
  const clock = makeHandClock();
  const { asked, lookUp } = makeDns();
  const book = makeNameBook(clock, lookUp);

  const finding = book.find(new Set(['silent-1', 'silent-2', 'silent-3', 'bmc-1']));
  for (let times = 0; times < 2; times += 1) {
    await turn();
    clock.advance(3_000);
  }
  const found = await finding;

  assert.equal(found.size, 0);
  assert.equal(asked.includes('bmc-1'), false);
});

test('all of it together has a limit, and the next who asks goes on', async () => {
  const clock = makeHandClock();
  let count = 0;
  const book = makeNameBook(clock, async () => {
    count += 1;
    clock.advance(1_000);
    return ['10.30.0.9'];
  });
  const names = new Set(Array.from({ length: 30 }, (_each, index) => `bmc-${index}`));

  const first = await book.find(names);
  const second = await book.find(names);

  assert.ok(first.size >= 10 && first.size <= 12, String(first.size));
  assert.ok(second.size > first.size);
  assert.equal(count, second.size);
});
