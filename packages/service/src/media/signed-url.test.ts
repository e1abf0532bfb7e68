import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { expiryText, isSignatureRight, signatureOf } from './signed-url.ts';

const KEY = Buffer.alloc(32, 7);
const anyFacts = fc.array(fc.oneof(fc.string(), fc.nat()), { maxLength: 5 });

test('a signature is right for its own facts and key, and for no others', () => {
  fc.assert(
    fc.property(anyFacts, anyFacts, (facts, others) => {
      const signature = signatureOf(KEY, facts);
      const isSame = JSON.stringify(facts) === JSON.stringify(others);

      assert.ok(isSignatureRight(KEY, facts, signature));
      assert.equal(isSignatureRight(KEY, others, signature), isSame);
      assert.ok(!isSignatureRight(Buffer.alloc(32, 8), facts, signature));
    }),
  );
});

test('a text that is no signature is wrong, not an error', () => {
  fc.assert(
    fc.property(fc.string(), (presented) => {
      assert.equal(isSignatureRight(KEY, ['a'], presented), false);
    }),
  );
});

test('facts are not glued together: another border is another signature', () => {
  assert.notEqual(signatureOf(KEY, ['ab', 'c']), signatureOf(KEY, ['a', 'bc']));
});

test('an expiry is rounded down to the second', () => {
  assert.equal(expiryText(1_999), '1');
});
