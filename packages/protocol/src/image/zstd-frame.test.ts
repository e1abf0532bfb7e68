import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';

import * as fc from 'fast-check';

import { Failure } from '../errors/failure.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

const bytesWith = (frame: Uint8Array, rest: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(frame.length + rest.length);
  bytes.set(frame);
  bytes.set(rest, frame.length);
  return bytes;
};

test('the end of a frame is found whatever follows it', () => {
  const anyContent = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }),
    fc.nat(400_000).map((length) => new Uint8Array(length)),
  );
  const anyRest = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(anyContent, anyRest, fc.boolean(), (content, rest, isChecked) => {
      const params = { [constants.ZSTD_c_checksumFlag]: isChecked ? 1 : 0 };
      const frame = zstdCompressSync(content, { params });

      assert.equal(zstdFrameBytes(bytesWith(frame, rest)), frame.length);
    }),
  );
});

test('a frame that is cut short is refused', () => {
  const frame = zstdCompressSync(new TextEncoder().encode('some text '.repeat(100)));
  for (let length = 0; length < frame.length; length += 1) {
    assert.throws(() => zstdFrameBytes(frame.subarray(0, length)), Failure);
  }
});
