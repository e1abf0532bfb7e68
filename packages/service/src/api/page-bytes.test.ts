import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { pageBytes } from './page-bytes.ts';

test('a page is its rows between head and tail, whatever they are made of and however long they are', () => {
  const rows = fc.array(fc.string({ unit: 'grapheme', maxLength: 4_000 }), { maxLength: 20 });

  fc.assert(
    fc.property(rows, fc.string({ unit: 'grapheme' }), fc.string(), (texts, head, tail) => {
      const bytes = pageBytes(head, texts, (text) => text, tail);

      assert.equal(bytes.toString(), head + texts.join(',') + tail);
    }),
  );
});

test('rows that are much longer than the first one fit', () => {
  const rows = ['a', 'ä€😀'.repeat(10_000), 'b'];

  const bytes = pageBytes('{"rows":[', rows, JSON.stringify, ']}');

  assert.deepEqual(JSON.parse(bytes.toString()), { rows });
});
