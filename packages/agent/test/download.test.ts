import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { systemClock } from '../src/clock.ts';
import { openDownload } from '../src/image/download.ts';
import { makeRetryBudget } from '../src/image/retry-budget.ts';
import { startImageServer } from './image-server.ts';

const RETRIES = 9;

test('a server that goes away in the middle is waited for as long as was set, and goes on where it was', async (t) => {
  const server = await startImageServer();
  t.after(server.close);
  const image = randomBytes(100_000);
  server.put('image', image, { cutAfterBytes: 10_000, cutTimes: 1, awayTimes: RETRIES - 1 });
  const clock = { ...systemClock, sleep: async (): Promise<void> => undefined };
  const options = { authorization: null, authorityPem: null, connectTimeoutMs: 60_000 };
  const budget = makeRetryBudget(clock, { retries: RETRIES, intervalMs: 10_000 });

  const download = await openDownload(options, [server.url('image')], budget);
  const chunks: Buffer[] = [];
  for await (const chunk of download.chunks) chunks.push(Buffer.from(chunk));

  assert.ok(Buffer.concat(chunks).equals(image));
  assert.equal(server.requests('image'), RETRIES + 1);
});
