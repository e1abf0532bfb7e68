import assert from 'node:assert/strict';
import { test } from 'node:test';

import { etagOf, strongEtag } from './etag.ts';

test('the header wins over the body', () => {
  assert.equal(etagOf('"a"', { '@odata.etag': '"b"' }), '"a"');
  assert.equal(etagOf(undefined, { '@odata.etag': 'W/"b"' }), 'W/"b"');
});

test('what is no ETag is never sent back', () => {
  assert.equal(etagOf('a', { '@odata.etag': '"x"\r\nX-Evil: 1' }), undefined);
});

test('a weak tag loses its mark for BMCs that compare strongly', () => {
  assert.equal(strongEtag('W/"b"'), '"b"');
});
