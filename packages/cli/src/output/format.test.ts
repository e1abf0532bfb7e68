import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderFacts, renderListing } from './format.ts';

const LISTING = {
  columns: ['name', 'state'],
  rows: [
    ['first', 'active'],
    ['a-long-name', null],
  ],
  data: [{ name: 'first' }, { name: 'a-long-name' }],
} as const;

test('a table has plain columns and no blanks at the ends of lines', () => {
  const text = renderListing(LISTING, 'table');

  assert.equal(text, 'name         state\nfirst        active\na-long-name  -');
});

test('values are one row a line, for scripts', () => {
  const text = renderListing(LISTING, 'value');

  assert.equal(text, 'first active\na-long-name -');
});

test('json shows the data and not the columns', () => {
  assert.deepEqual(JSON.parse(renderListing(LISTING, 'json')), LISTING.data);
});

test('yaml keeps a long text on one line', () => {
  const text = 'word '.repeat(50).trim();

  const yaml = renderFacts({ pairs: [], data: { text } }, 'yaml');

  assert.equal(yaml, `text: ${text}`);
});

test('a text with line breaks stays one line in a table', () => {
  const text = renderFacts({ pairs: [['why', 'one\n  two\r\nthree']], data: {} }, 'table');

  assert.equal(text, 'why  one two three');
});
