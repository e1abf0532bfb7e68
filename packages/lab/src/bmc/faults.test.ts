import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFaultSet } from './faults.ts';

test('a counted fault lasts as often as its number says and is over then', () => {
  const faults = makeFaultSet();
  faults.set('unavailable', 2);

  const uses = [faults.use('unavailable'), faults.use('unavailable'), faults.use('unavailable')];

  assert.deepEqual(uses, [true, true, false]);
  assert.deepEqual(faults.list(), {});
});

test('a fault without a number takes its usual one, and clearing ends it', () => {
  const faults = makeFaultSet();

  faults.set('slow');
  const whileOn = faults.valueOf('slow');
  faults.clear('slow');

  assert.equal(whileOn, 3000);
  assert.equal(faults.isOn('slow'), false);
});
