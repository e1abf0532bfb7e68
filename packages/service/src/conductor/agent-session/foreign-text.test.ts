import assert from 'node:assert/strict';
import { test } from 'node:test';

import { foreignText } from './foreign-text.ts';

test('T-21: escape sequences, line breaks and turned text become blanks', () => {
  const text = foreignText('\u001b[2Jone\r\ntwo\u202ethree\u0007\u2028four\u0000');

  assert.equal(text, '[2Jone two three four');
});

test('a text is bounded and well formed, and what is no text is none', () => {
  assert.equal(foreignText('x'.repeat(5_000))?.length, 2_000);
  assert.equal(foreignText('ab\ud83d\ude00', 3), 'ab\ufffd');
  for (const value of [undefined, null, 1, {}, ['x']]) assert.equal(foreignText(value), undefined);
});
