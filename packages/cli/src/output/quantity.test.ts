import assert from 'node:assert/strict';
import { test } from 'node:test';

import { durationText, sizeText } from './quantity.ts';

for (const [ms, text] of [
  [0, '0.0 s'],
  [349, '0.3 s'],
  [59_940, '59.9 s'],
  [59_960, '1:00 min'],
  [185_000, '3:05 min'],
  [3_723_000, '1:02:03 h'],
] as const) {
  test(`${ms} ms are shown as ${text}`, () => {
    assert.equal(durationText(ms), text);
  });
}

for (const [bytes, text] of [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [67_108_864, '64.0 MiB'],
  [6 * 1024 ** 3, '6.0 GiB'],
  [5000 * 1024 ** 4, '5000.0 TiB'],
] as const) {
  test(`${bytes} bytes are shown as ${text}`, () => {
    assert.equal(sizeText(bytes), text);
  });
}
