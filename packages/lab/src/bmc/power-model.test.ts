import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeBootSource, type BootPlan } from './power-model.ts';

const planOf = (override: BootPlan['override']): BootPlan => ({
  override,
  mode: 'uefi',
  isSecureBootOn: false,
});

test('a one-time override is used up by the start that obeys it', () => {
  const plan = planOf({ source: 'cdrom', isPersistent: false });

  const starts = [takeBootSource(plan), takeBootSource(plan)];

  assert.deepEqual(starts, ['cdrom', 'disk']);
  assert.equal(plan.override, null);
});

test('a persistent override holds for every start', () => {
  const plan = planOf({ source: 'network', isPersistent: true });

  const starts = [takeBootSource(plan), takeBootSource(plan)];

  assert.deepEqual(starts, ['network', 'network']);
});

test('without an override a machine starts from disk', () => {
  assert.equal(takeBootSource(planOf(null)), 'disk');
});
