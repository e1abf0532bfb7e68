import assert from 'node:assert/strict';
import { test } from 'node:test';

import { systemClock } from '#clock';
import { makeRetryBudget, type RetryBudget } from './retry-budget.ts';

const makeBudget = (retries: number): { budget: RetryBudget; pauses: number[] } => {
  const pauses: number[] = [];
  const sleep = async (delayMs: number): Promise<void> => {
    pauses.push(delayMs);
  };
  const budget = makeRetryBudget({ ...systemClock, sleep }, { retries, intervalMs: 10_000 });
  return { budget, pauses };
};

test('a server that is away after a transfer broke is asked as often as was set', async () => {
  const { budget, pauses } = makeBudget(9);
  await budget.spend('cut', 4_096);
  for (let tries = 1; tries < 9; tries += 1) await budget.spend('refused', null);

  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, ...Array<number>(5).fill(10_000)]);
  await assert.rejects(budget.spend('refused', null), /refused \(10 attempts\)/);
});

test('three transfers that end at one byte are given up, also with a server that is away between', async () => {
  const { budget } = makeBudget(9);
  await budget.spend('cut', 4_096);
  await budget.spend('refused', null);
  await budget.spend('cut', 4_096);

  await assert.rejects(budget.spend('cut', 4_096), /cut \(4 attempts\)/);
});

test('transfers that end ever later are no short file', async () => {
  const { budget, pauses } = makeBudget(9);
  for (const place of [1, 2, 3, 4]) await budget.spend('cut', place);

  assert.equal(pauses.length, 4);
});
