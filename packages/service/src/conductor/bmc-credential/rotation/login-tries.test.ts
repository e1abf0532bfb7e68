import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BmcLimits } from '#store/bmc-credentials';

import { heldUntilMs, triesAllowed, withTry } from './login-tries.ts';

const NOW_MS = 1_000_000_000;
const MINUTE_MS = 60_000;
const FREE = { loginTriesMax: undefined };

test('how many refusals are risked follows from what locks the account', () => {
  const cases: readonly [BmcLimits, number, number][] = [
    [{}, 2, 10],
    [{ lockoutThreshold: 0 }, 4, 10],
    [{ lockoutThreshold: 3, lockoutMs: 30 * MINUTE_MS }, 1, 30],
    [{ lockoutThreshold: 5, lockoutMs: MINUTE_MS, lockoutResetMs: 5 * MINUTE_MS }, 3, 5],
    [{ lockoutThreshold: 100, lockoutMs: MINUTE_MS }, 4, 1],
    [{ lockoutThreshold: 1, lockoutMs: MINUTE_MS }, 1, 1],
  ];
  for (const [limits, max, minutes] of cases) {
    assert.deepEqual(triesAllowed(limits, FREE), { max, windowMs: minutes * MINUTE_MS });
  }
});

test('an operator may allow fewer, and never more than the BMC', () => {
  assert.equal(triesAllowed({ lockoutThreshold: 6 }, { loginTriesMax: 2 }).max, 2);
  assert.equal(triesAllowed({ lockoutThreshold: 3 }, { loginTriesMax: 5 }).max, 1);
});

test('an account is held until the oldest refusal that counts is over', () => {
  const at = (minutesAgo: number, username = 'a') => ({
    username,
    atMs: NOW_MS - minutesAgo * MINUTE_MS,
  });
  const held = (tries: readonly ReturnType<typeof at>[], until: number | null = null) =>
    heldUntilMs({ tries, limits: {}, heldUntilMs: until }, 'a', FREE, NOW_MS);

  assert.equal(held([at(1)]), undefined);
  assert.equal(held([at(9), at(1)]), NOW_MS + MINUTE_MS);
  assert.equal(held([at(11), at(1)]), undefined);
  assert.equal(held([at(1), at(2, 'b')]), undefined);
  assert.equal(held([], NOW_MS + 5), NOW_MS + 5);
  assert.equal(held([], NOW_MS), undefined);
});

test('tries that no window counts any more are forgotten', () => {
  const old = { username: 'a', atMs: NOW_MS - 11 * MINUTE_MS };
  const young = { username: 'b', atMs: NOW_MS - MINUTE_MS };

  const { tries } = withTry({ tries: [old, young], limits: {} }, 'a', NOW_MS);

  assert.deepEqual(tries, [young, { username: 'a', atMs: NOW_MS }]);
});
