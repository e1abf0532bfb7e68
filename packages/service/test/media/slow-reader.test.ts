import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { pino } from 'pino';

import { makeBootListener } from '#api/boot-listener';
import { systemClock } from '#clock';
import type { FileSource } from '#media/served-file';

const CHUNK = Buffer.alloc(256 * 1024, 'x');
const CHUNKS = 8_000;
/** What sockets and streams hold on their way, with much to spare; all of the file is 2 GB. */
const HELD_CHUNKS_MAX = 400;

/** A large file that notices how much of it was read, and when all of its readers closed it. */
const makeLargeFile = (readers: number) => {
  const seen = { chunks: 0, closed: 0 };
  const closing = Promise.withResolvers<void>();
  const source: FileSource = {
    find: async () => ({
      outcome: 'found',
      file: {
        sizeBytes: CHUNKS * CHUNK.length,
        etag: '"large"',
        contentType: 'application/octet-stream',
        read: async function* (startBytes, endBytes) {
          for (let offset = startBytes; offset < endBytes; offset += CHUNK.length) {
            seen.chunks += 1;
            yield CHUNK.subarray(0, Math.min(CHUNK.length, endBytes - offset));
          }
        },
        close: async () => {
          seen.closed += 1;
          if (seen.closed === readers) closing.resolve();
        },
      },
    }),
  };
  return { seen, source, closed: closing.promise };
};

const withListener = async (
  source: FileSource,
  work: (url: string) => Promise<void>,
): Promise<void> => {
  const log = pino({ level: 'silent' });
  const parts = { sources: { media: source }, tls: undefined, log, clock: systemClock };
  const app = makeBootListener(parts);
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = app.server.address() as AddressInfo;
    await work(`http://127.0.0.1:${port}/media/id/signature/1/boot.iso`);
  } finally {
    await app.close();
  }
};

const opened = async (
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: { readonly [name: string]: string };
  } = {},
): Promise<IncomingMessage> => {
  const request = get(url, { agent: false, headers: {}, ...options });
  const [response] = await once(request, 'response');
  return response as IncomingMessage;
};

test('a reader that stops reading holds a little of the file, and its end closes it', async () => {
  const { seen, source, closed } = makeLargeFile(21);
  await withListener(source, async (url) => {
    const reader = await opened(url);
    await once(reader, 'readable');
    // Time for an eager server to read on: others are served meanwhile.
    for (let other = 0; other < 20; other += 1) {
      const response = await opened(url, { headers: { range: 'bytes=0-99' } });
      for await (const chunk of response) assert.ok(chunk);
    }

    reader.destroy();
    await closed;

    assert.ok(seen.chunks < HELD_CHUNKS_MAX, `${seen.chunks} chunks were read`);
  });
  assert.equal(seen.closed, 21);
});

test('what needs no content closes the file without reading it', async () => {
  const { seen, source, closed } = makeLargeFile(4);
  await withListener(source, async (url) => {
    for (const options of [
      { method: 'HEAD' },
      { headers: { 'if-none-match': '"large"' } },
      { headers: { 'if-match': '"other"' } },
      { headers: { range: 'bytes=99999999999-' } },
    ]) {
      (await opened(url, options)).resume();
    }
    await closed;
  });

  assert.deepEqual(seen, { chunks: 0, closed: 4 });
});
