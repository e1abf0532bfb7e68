// Lookup and heartbeat against a service that answers as told.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { MAC, startTestAgent, type TestAgent, TOKEN } from './simulated-agent.ts';

const UUID = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123';

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly [key: string]: unknown };
};
type Reply = { readonly status: number; readonly body?: unknown };

let server: Server;
let seen: Seen[];
let replies: { lookup: Reply[]; heartbeat: Reply[] };
let tokenInLookup: string | null;
let agent: TestAgent | undefined;

const ROOT = { default_version: { id: 'v1', min_version: '1.1', version: '1.82' } };

const replyTo = (method: string, path: string): Reply => {
  if (path === '/') return { status: 200, body: ROOT };
  if (method === 'POST') return replies.heartbeat.shift() ?? { status: 202 };
  const found = {
    node: { uuid: UUID, properties: {}, instance_info: {}, driver_internal_info: {} },
    config: { heartbeat_timeout: 300, agent_token: tokenInLookup },
  };
  return replies.lookup.shift() ?? { status: 200, body: found };
};

beforeEach(async () => {
  seen = [];
  replies = { lookup: [], heartbeat: [] };
  tokenInLookup = '******';
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const { method = '', url = '', headers } = request;
      const { status, body } = replyTo(method, url);
      seen.push({ method, url, headers, body: text === '' ? {} : JSON.parse(text) });
      response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
      server.emit('seen');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
  server.closeAllConnections();
  server.close();
});

const start = async (token: string | null = TOKEN): Promise<TestAgent> => {
  const { port } = server.address() as AddressInfo;
  agent = await startTestAgent({
    configuration: { apiUrls: [`http://127.0.0.1:${port}`], token, isOwnService: true },
  });
  return agent;
};

const heartbeats = (): Seen[] => seen.filter(({ url }) => url.startsWith('/v1/heartbeat/'));

const waitForHeartbeats = async (count: number): Promise<Seen[]> => {
  while (heartbeats().length < count) await once(server, 'seen');
  return heartbeats();
};

test('the machine asks who it is by its addresses and tells where it listens', async () => {
  const { callbackUrl } = await start();
  const [beat] = await waitForHeartbeats(1);

  const lookup = seen.find(({ url }) => url.startsWith('/v1/lookup'));
  assert.equal(lookup?.url, `/v1/lookup?addresses=${encodeURIComponent(MAC)}`);
  assert.equal(lookup.headers['x-openstack-ironic-api-version'], '1.62');
  assert.equal(beat?.url, `/v1/heartbeat/${UUID}`);
  assert.equal(beat.headers['x-openstack-ironic-api-version'], '1.68');
  assert.deepEqual(Object.keys(beat.body).sort(), [
    'agent_token',
    'agent_verify_ca',
    'agent_version',
    'callback_url',
  ]);
  assert.equal(beat.body['callback_url'], callbackUrl);
  assert.equal(beat.body['agent_token'], TOKEN);
});

test('a token from the lookup is used when none came with the boot', async () => {
  tokenInLookup = 'L'.repeat(43);
  await start(null);

  const [beat] = await waitForHeartbeats(1);

  assert.equal(beat?.body['agent_token'], tokenInLookup);
});

test('a masked token with none in memory locks the machine down', async () => {
  const { callbackUrl, lines } = await start(null);

  assert.equal(callbackUrl, null);
  assert.ok(lines().some((line) => line.includes('locked down')));
  assert.equal(heartbeats().length, 0);
});

test('a lookup that is refused is asked again', async () => {
  replies.lookup = [{ status: 404 }, { status: 409 }, { status: 200, body: {} }];
  await start();

  await waitForHeartbeats(1);

  assert.equal(seen.filter(({ url }) => url.startsWith('/v1/lookup')).length, 4);
});

test('the end of an asynchronous command is told at once', async () => {
  const started = await start();
  await waitForHeartbeats(1);
  const step = { step: 'erase_devices_metadata', interface: 'deploy' };

  await started.run('clean.execute_clean_step', { node: {}, ports: [], step });

  assert.equal((await waitForHeartbeats(2)).length, 2);
});

test('what the service says about a refusal stands in the log', async () => {
  const fault = {
    error_message: JSON.stringify({ faultstring: 'Invalid or missing agent token' }),
  };
  replies.heartbeat = [{ status: 400, body: fault }];
  const started = await start();
  await waitForHeartbeats(1);
  while (!started.lines().some((line) => line.includes('Invalid or missing agent token'))) {
    await new Promise((resolve) => setImmediate(resolve));
  }

  assert.equal(
    started.lines().some((line) => line.includes(TOKEN)),
    false,
  );
});
