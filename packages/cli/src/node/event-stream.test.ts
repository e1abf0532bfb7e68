import assert from 'node:assert/strict';
import { test } from 'node:test';

import { array, assert as assertProperty, asyncProperty, integer } from 'fast-check';

import { readEvents } from './event-stream.ts';

async function* chunksOf(buffer: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const size of sizes) {
    yield buffer.subarray(offset, offset + size);
    offset += size;
  }
  yield buffer.subarray(offset);
}

const collect = async (chunks: AsyncIterable<Buffer>): Promise<readonly string[]> => {
  const events: string[] = [];
  for await (const event of readEvents(chunks)) events.push(event);
  return events;
};

test('events are the same however the bytes are cut', async () => {
  const wanted = ['{"seq":1}', '{"step":"Übergabe"}', '{"seq":3}'];
  const stream = Buffer.from(
    `: hello\n\nid: 1\ndata: ${wanted[0]}\n\nevent: x\r\ndata:${wanted[1]}\r\n\r\n:\n\ndata: ${wanted[2]}\n\n`,
  );

  await assertProperty(
    asyncProperty(array(integer({ min: 0, max: 12 }), { maxLength: 20 }), async (sizes) => {
      assert.deepEqual(await collect(chunksOf(stream, sizes)), wanted);
    }),
  );
});

test('an event whose end has not come is not an event', async () => {
  const events = await collect(chunksOf(Buffer.from('data: {"seq":1}\n'), []));

  assert.deepEqual(events, []);
});
