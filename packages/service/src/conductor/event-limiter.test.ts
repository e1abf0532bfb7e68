import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeEventLimiter } from './event-limiter.ts';

const MINUTE_MS = 60_000;

test('of equal events one a minute is admitted, and the next tells how many were left out', () => {
  const limiter = makeEventLimiter();

  assert.equal(limiter.admit('denied', 'a', 0), 0);
  for (let atMs = 1; atMs <= 500; atMs += 1)
    assert.equal(limiter.admit('denied', 'a', atMs), undefined);
  assert.equal(limiter.admit('denied', 'b', 500), 0);
  assert.equal(limiter.admit('missing', 'a', 500), 0);
  assert.equal(limiter.admit('denied', 'a', MINUTE_MS), 500);
  assert.equal(limiter.admit('denied', 'a', MINUTE_MS + 1), undefined);
  assert.equal(limiter.admit('denied', 'a', 2 * MINUTE_MS), 1);
});

test('senders without number cause no rows without number', () => {
  const limiter = makeEventLimiter();
  let admitted = 0;
  for (let who = 0; who < 100_000; who += 1) {
    if (limiter.admit('denied', String(who), 0) !== undefined) admitted += 1;
  }

  assert.ok(admitted <= 1_001, `${admitted} rows in one minute`);
  assert.equal(limiter.admit('denied', 'another', MINUTE_MS), 0);
});
