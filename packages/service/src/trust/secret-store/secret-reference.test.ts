import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readReference, referenceText } from './secret-reference.ts';

test('a reference names slot and write, and nothing else', () => {
  const reference = { slot: 'a', writeId: '6f1c-7' };

  assert.equal(referenceText(reference), 'bmc-secret:a#6f1c-7');
  assert.deepEqual(readReference('bmc-secret:a#6f1c-7'), reference);
});

test('other texts are no references', () => {
  const others = [
    '',
    'calvin',
    'bmc-secret:',
    'bmc-secret:a',
    'bmc-secret:a#',
    'bmc-secret:#w',
    'bmc-secret:a#w#x',
    'bmc-secret:../a#w',
    'bmc-secret:a#w/x',
    ' bmc-secret:a#w',
    'bmc-secret:vault/a#1',
  ];

  for (const text of others) assert.equal(readReference(text), undefined, text);
});
