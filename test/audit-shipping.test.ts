// The audit log leaves the machine of the service while it serves.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { BESSEMER, makeDirectory, removeDirectory, startService } from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const SHIP_MS_MAX = 20_000;

type Received = { readonly seq: number; readonly event: string; readonly hash: string };

test('what is noted goes to the receiver that is configured, and the command tells how far', async (t) => {
  const received: Received[] = [];
  const receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      received.push(...(JSON.parse(text) as { readonly records: readonly Received[] }).records);
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  t.after(() => receiver.close());
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const directory = await makeDirectory();
  t.after(() => removeDirectory(directory));
  const service = await startService({
    directory,
    settings: [`audit.webhook_url=http://127.0.0.1:${port}/`, 'audit.ship_interval=0.2'],
  });
  t.after(() => service.stop());

  const made = await service.call('POST', '/v1/nodes', { driver: 'fake-hardware' });
  const { uuid } = made.body as { readonly uuid: string };
  const status = await service.heartbeat(uuid, {
    callback_url: 'https://192.0.2.1:9999',
    agent_token: 'wrong',
    agent_version: '11.0.0',
  });
  await waitFor(
    async () => received.length,
    (count) => count > 0,
    SHIP_MS_MAX,
  );

  assert.equal(status, 400);
  assert.deepEqual(
    received.map(({ seq }) => seq),
    received.map((_, index) => index + 1),
  );
  const data = join(directory, 'data');
  const ask = (...args: readonly string[]) =>
    promisify(execFile)(BESSEMER, ['audit', ...args, '--data', data]);
  const told = await waitFor(
    async () => (await ask('shipments')).stdout,
    (text) => /^webhook: (\d+) of \1 records$/m.test(text),
    SHIP_MS_MAX,
  );
  assert.equal(told, `webhook: ${received.length} of ${received.length} records\n`);
  const last = received.at(-1);
  const verified = await ask('verify', '--expect', `${last?.seq}:${last?.hash}`);
  assert.match(verified.stdout, /^unbroken: /);
});
