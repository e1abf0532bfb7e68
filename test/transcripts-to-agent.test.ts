// What a stock service said to a stock agent, said again to ours: statuses and shapes must be the same, but for
// the differences listed here with their reasons.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { type ImageServer, sha256, startImageServer } from '../packages/agent/test/image-server.ts';
import { makeMbrImage } from '../packages/agent/test/disk-image.ts';
import { startTestAgent, type TestAgent, TOKEN } from '../packages/agent/test/simulated-agent.ts';

type Json = { [key: string]: unknown };
type Exchange = {
  readonly seq: number;
  readonly way: string;
  readonly request: { readonly method: string; readonly url: string; readonly body?: Json };
  readonly response: { readonly status: number; readonly body?: unknown };
};

/** Paths of an answer that are not compared, and why. */
const DIFFERENCES: { readonly [path: string]: string } = {
  'command_result.clean_steps': 'keyed by the class of the hardware manager, which is ours',
  'command_result.deploy_steps': 'keyed by the class of the hardware manager, which is ours',
  'command_result.hardware_manager_version': 'keyed by the name of the hardware manager',
  'command_result.clean_result':
    'the recorded manager was made for the recording and returned a map; ours returns a record per disk',
  'command_result.deploy_result':
    'ours adds what was read back; present once the command has ended',
  'command_result.deploy_step': 'present once the command has ended',
  'command_result.root uuid':
    'the recorded manager prepared no image, so its answer was empty; ours names the disk',
  command_status: 'a command may have ended already in one recording and not yet in the other',
  command_result: 'null while a command runs',
};

const exchangesOf = (name: string): Exchange[] =>
  readFileSync(join(import.meta.dirname, `fixtures/transcripts/${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Exchange)
    .filter(({ way }) => way === 'service->agent');

/** Keys and kinds of values, to any depth that is compared. */
const shapeOf = (value: unknown, path = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => shapeOf(one, path));
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
    const place = path === '' ? key : `${path}.${key}`;
    return [key, place in DIFFERENCES ? 'not compared' : shapeOf(one, place)];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
};

let images: ImageServer;
before(async () => {
  images = await startImageServer();
});
after(() => images.close());

/** The recorded request for this agent: its token, versions that are ours, an image that exists. */
const adapted = ({ request }: Exchange): { url: string; body: unknown } => {
  const [path] = request.url.split('?');
  const query = new URLSearchParams(request.url.split('?')[1] ?? '');
  // Stock services of then sent no token on GET; every request must carry it now.
  query.set('agent_token', TOKEN);
  // Waited for, so that the next request finds the same state as in the recording.
  if (request.method === 'POST') query.set('wait', 'true');
  if (request.body === undefined) return { url: `${path}?${query.toString()}`, body: undefined };
  const text = JSON.stringify(request.body)
    .replaceAll('"lab":"1.0"', '"simulated_hardware_manager":"1.0"')
    .replaceAll('http://127.0.0.1:28080/img.raw', images.url('img.raw'));
  const body = JSON.parse(text, (key, value: unknown) =>
    key === 'os_hash_value' ? sha256(image) : value,
  ) as Json;
  return { url: `${path}?${query.toString()}`, body };
};

const image = makeMbrImage(8);

for (const name of ['clean', 'deploy']) {
  test(`the recorded ${name} is answered with the same statuses and shapes`, async () => {
    images.put('img.raw', image);
    const agent: TestAgent = await startTestAgent({ bootMode: 'bios' });
    try {
      for (const exchange of exchangesOf(name)) {
        const { url, body } = adapted(exchange);

        const answer = await agent.call(exchange.request.method, url, body);

        const place = `${name} ${exchange.seq}: ${exchange.request.method} ${url.split('?')[0]}`;
        assert.equal(answer.status, exchange.response.status, place);
        const listed = (answer.body as Json)['commands'];
        const recorded = (exchange.response.body as Json)['commands'];
        if (Array.isArray(recorded)) {
          assert.deepEqual(shapeOf(listed), shapeOf(recorded), place);
          continue;
        }
        assert.deepEqual(shapeOf(answer.body), shapeOf(exchange.response.body), place);
        assert.notEqual((answer.body as Json)['command_status'], 'FAILED', JSON.stringify(answer));
      }
    } finally {
      await agent.close();
    }
  });
}

test('the recorded requests without a token are refused, where a stock agent of then answered', async () => {
  const agent = await startTestAgent();
  try {
    const list = exchangesOf('clean').find(({ request }) => request.method === 'GET');
    assert.ok(list);

    const answer = await agent.call('GET', list.request.url);

    assert.equal(list.response.status, 200);
    assert.equal(answer.status, 401);
  } finally {
    await agent.close();
  }
});
