import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeQueue } from './queue.ts';

test('work runs one at a time, in the order it came', async () => {
  const queue = makeQueue('https://bmc', 8);
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} starts`);
    await Promise.resolve();
    seen.push(`${name} ends`);
  };

  await Promise.all([queue.run(work('a')), queue.run(work('b'))]);

  assert.deepEqual(seen, ['a starts', 'a ends', 'b starts', 'b ends']);
});

test('work that fails does not stop the next', async () => {
  const queue = makeQueue('https://bmc', 8);

  const failed = queue.run(() => Promise.reject(new Error('first')));
  const next = queue.run(() => Promise.resolve('second'));

  await assert.rejects(failed, /first/);
  assert.equal(await next, 'second');
});

test('a full queue refuses, and takes again once it has room', async () => {
  const queue = makeQueue('https://bmc', 1);
  const first = queue.run(() => Promise.resolve(1));

  await assert.rejects(
    queue.run(() => Promise.resolve(2)),
    { code: 'bmc.unreachable' },
  );
  await first;

  assert.equal(await queue.run(() => Promise.resolve(3)), 3);
});
