import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { makeTokenBuckets } from './token-bucket.ts';

const MINUTE_MS = 60_000;

test('a sender may come in a burst, then at its rate, and is told how long to wait', () => {
  const buckets = makeTokenBuckets({ perMinute: 10, burst: 3 });

  assert.deepEqual(
    [1, 2, 3, 4].map(() => buckets.take('a', 0)),
    [0, 0, 0, 6_000],
  );
  assert.equal(buckets.take('b', 0), 0);
  assert.equal(buckets.take('a', 5_999), 1);
  assert.equal(buckets.take('a', 6_000), 0);
  assert.equal(buckets.take('a', 6_000), 6_000);
});

test('a bucket is full again when nothing was taken for long enough', () => {
  const buckets = makeTokenBuckets({ perMinute: 10, burst: 3 });
  assert.equal(buckets.isFull('a', 0), true);
  buckets.take('a', 0);
  buckets.take('a', 0);

  assert.equal(buckets.isFull('a', 11_999), false);
  assert.equal(buckets.isFull('a', 12_000), true);
});

test('looking takes nothing', () => {
  const buckets = makeTokenBuckets({ perMinute: 1, burst: 1 });
  for (let turn = 0; turn < 5; turn += 1) assert.equal(buckets.waitMs('a', 0), 0);
  buckets.take('a', 0);

  assert.equal(buckets.waitMs('a', 0), MINUTE_MS);
});

test('whatever the times, no more than burst and rate get through, and no less', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat({ max: 5_000 }), { maxLength: 200 }),
      (perMinute, burst, gapsMs) => {
        const buckets = makeTokenBuckets({ perMinute, burst });
        let nowMs = 0;
        let admitted = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const wait = buckets.take('a', nowMs);
          if (wait === 0) admitted += 1;
          // What was told is enough.
          else assert.equal(buckets.waitMs('a', nowMs + wait), 0);
        }

        assert.ok(admitted <= burst + (nowMs * perMinute) / MINUTE_MS + 1e-6);
        assert.ok(admitted >= Math.min(gapsMs.length, burst));
      },
    ),
    // Fractions of a token added up to a wait that was a millisecond short.
    { examples: [[10, 1, [0, 1_272]]] },
  );
});

test('a sender with many names costs bounded memory, and the one seen last is still known', () => {
  const buckets = makeTokenBuckets({ perMinute: 1, burst: 1, keysMax: 100 });
  for (let who = 0; who < 10_000; who += 1) buckets.take(String(who), 0);

  assert.equal(buckets.take('9999', 0), MINUTE_MS);
  assert.equal(buckets.take('0', 0), 0);
});
