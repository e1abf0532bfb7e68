import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AnswerTooLong, readBounded } from './read-bounded.ts';

async function* chunksOf(...chunks: readonly (readonly number[])[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Uint8Array.from(chunk);
}

test('an answer is read to its end, with characters that are cut between chunks', async () => {
  assert.equal(await readBounded(chunksOf(), 0), '');
  assert.equal(await readBounded(chunksOf([0x61, 0xc3], [0xa4, 0x62]), 4), 'aäb');
});

test('one byte more than may be is too long', async () => {
  await assert.rejects(readBounded(chunksOf([1, 2], [3]), 2), AnswerTooLong);
});
