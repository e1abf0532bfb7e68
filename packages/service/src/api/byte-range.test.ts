import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { evaluateConditions } from './byte-range.ts';

const FILE = { sizeBytes: 1000, etag: '"tag"' };
const WHOLE = { status: 200, startBytes: 0, endBytes: 1000 };
const part = (startBytes: number, endBytes: number) => ({ status: 206, startBytes, endBytes });

test('a single range within the file is partial, a range outside is refused, others are passed over', () => {
  const cases: readonly (readonly [range: string, expected: object])[] = [
    ['bytes=0-99', part(0, 100)],
    ['bytes=900-', part(900, 1000)],
    ['bytes=900-5000', part(900, 1000)],
    ['bytes=-100', part(900, 1000)],
    ['bytes=-5000', part(0, 1000)],
    ['bytes=0-0', part(0, 1)],
    ['BYTES=999-999', part(999, 1000)],
    ['bytes=1000-', { status: 416 }],
    ['bytes=1000-1001', { status: 416 }],
    ['bytes=-0', { status: 416 }],
    ['bytes=5-4', WHOLE],
    ['bytes=-', WHOLE],
    ['bytes=0-1,5-6', WHOLE],
    ['lines=0-1', WHOLE],
    ['bytes=0x10-0x20', WHOLE],
    ['bytes=99999999999999999999-', WHOLE],
  ];
  for (const [range, expected] of cases) {
    assert.deepEqual(evaluateConditions({ range }, FILE), expected, range);
  }
});

test('a range of another version of the file gets the whole file', () => {
  const range = 'bytes=10-19';

  assert.deepEqual(evaluateConditions({ range, 'if-range': '"tag"' }, FILE), part(10, 20));
  assert.deepEqual(evaluateConditions({ range, 'if-range': '"old"' }, FILE), WHOLE);
  assert.deepEqual(evaluateConditions({ range, 'if-range': 'W/"tag"' }, FILE), WHOLE);
  const date = 'Sat, 21 Nov 2026 00:00:00 GMT';
  assert.deepEqual(evaluateConditions({ range, 'if-range': date }, FILE), WHOLE);
});

test('a reader that has the file is told so, one that asks for another version is refused', () => {
  assert.deepEqual(evaluateConditions({ 'if-none-match': 'W/"x", W/"tag"' }, FILE), {
    status: 304,
  });
  assert.deepEqual(evaluateConditions({ 'if-none-match': '*' }, FILE), { status: 304 });
  assert.deepEqual(evaluateConditions({ 'if-none-match': '"x"' }, FILE), WHOLE);
  assert.deepEqual(evaluateConditions({ 'if-match': '"x"' }, FILE), { status: 412 });
  assert.deepEqual(evaluateConditions({ 'if-match': 'W/"tag"' }, FILE), { status: 412 });
  assert.deepEqual(evaluateConditions({ 'if-match': '"tag"' }, FILE), WHOLE);
});

test('whatever the range says, nothing outside of the file is read', () => {
  const anyNumber = fc.oneof(
    fc.constant(''),
    fc.nat(3000).map(String),
    fc.maxSafeNat().map(String),
  );
  fc.assert(
    fc.property(anyNumber, anyNumber, fc.nat(2000), (first, last, sizeBytes) => {
      const verdict = evaluateConditions(
        { range: `bytes=${first}-${last}` },
        { sizeBytes, etag: '"t"' },
      );

      if (verdict.status !== 206) return;
      assert.ok(verdict.startBytes >= 0 && verdict.startBytes < verdict.endBytes);
      assert.ok(verdict.endBytes <= sizeBytes);
    }),
  );
});
