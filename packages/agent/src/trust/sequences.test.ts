import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { makeCommandSequence, parseCommandOrder } from './command-sequence.ts';
import { makeHeartbeatSequence } from './heartbeat-sequence.ts';

test('commands rise by number within a fence and start anew with a higher fence', () => {
  const sequence = makeCommandSequence();

  const verdicts = ['0.0', '3.5', '3.5', '3.4', '3.6', '4.0', '3.7', '4.0', '4.1'].map((text) => {
    const order = parseCommandOrder(text);
    return order && sequence.admit(order);
  });

  assert.deepEqual(verdicts, [
    'rises',
    'rises',
    'seen before',
    'seen before',
    'rises',
    'rises',
    'older fence',
    'seen before',
    'rises',
  ]);
});

test('no order is admitted twice, whatever came between', () => {
  const order = fc.record({ fence: fc.nat({ max: 5 }), number: fc.nat({ max: 5 }) });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 60 }), (orders) => {
      const { admit } = makeCommandSequence();
      const admitted = orders.filter((one) => admit(one) === 'rises');
      const texts = admitted.map(({ fence, number }) => `${fence}.${number}`);
      assert.equal(new Set(texts).size, texts.length);
    }),
  );
});

test('a sequence is two decimal numbers with a point', () => {
  for (const text of ['', '1', '1.', '.1', '1.2.3', '-1.2', '1e3.1', ' 1.2', '1.2 ', '٣.١']) {
    assert.equal(parseCommandOrder(text), undefined);
  }
  assert.equal(parseCommandOrder(`1.${'9'.repeat(16)}`), undefined);
});

test('heartbeats rise while the clock stands, goes back and runs ahead', () => {
  const times = [1_000, 1_000, 500.5, 2_000.9, 2_000.9];
  const next = makeHeartbeatSequence({ wallMs: () => times.shift() ?? 0 });

  const numbers = [next(), next(), next(), next(), next()];

  assert.deepEqual(numbers, [1_000, 1_001, 1_002, 2_000, 2_001]);
});
