import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeShunnedAddresses } from './shunned-addresses.ts';

const FIVE_MINUTES_MS = 300_000;

test('an address is left alone for five minutes, in this boot of this node only', () => {
  const { shun, isShunned } = makeShunnedAddresses();

  shun('boot-1', '10.0.0.1', 0);

  assert.ok(isShunned('boot-1', '10.0.0.1', FIVE_MINUTES_MS - 1));
  assert.equal(isShunned('boot-1', '10.0.0.1', FIVE_MINUTES_MS), false);
  assert.equal(isShunned('boot-1', '10.0.0.2', 1), false);
  assert.equal(isShunned('boot-2', '10.0.0.1', 1), false);
});

test('however many there are, memory does not grow without end', () => {
  const { shun, isShunned } = makeShunnedAddresses();

  for (let index = 0; index < 10_050; index += 1) shun(`boot-${index}`, '10.0.0.1', 0);

  assert.equal(isShunned('boot-0', '10.0.0.1', 1), false);
  assert.ok(isShunned('boot-10049', '10.0.0.1', 1));
});
