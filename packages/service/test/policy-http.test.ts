// Rules that ask a service of the operator's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { type Clock, systemClock } from '#clock';
import { makeCredentials } from '#policy/credentials';
import { openPolicy } from '#policy/open-policy';
import type { Policy } from '#policy/policy';
import {
  DEFAULT_HTTP_CHECK_OPTIONS,
  DEFAULT_POLICY_OPTIONS,
  type PolicyOptions,
} from '#policy/policy-options';

type Asked = { readonly url: string; readonly type: string; readonly body: string };
type Answering = (request: IncomingMessage, response: ServerResponse) => void;

const serve = async (context: TestContext, answer: Answering) => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      const body = Buffer.concat(chunks).toString();
      asked.push({ url, type: headers['content-type'] ?? '', body });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const policyOf = async (
  context: TestContext,
  rule: string,
  {
    http = {},
    clock = systemClock,
  }: { readonly http?: Partial<PolicyOptions['http']>; readonly clock?: Clock } = {},
): Promise<{ readonly policy: Policy; readonly warnings: readonly string[] }> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-policy-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'policy.yaml');
  await writeFile(
    path,
    JSON.stringify({ show_password: rule, is_node_owner: 'rule:show_password' }),
  );
  const warnings: string[] = [];
  const policy = await openPolicy({
    clock,
    options: {
      ...DEFAULT_POLICY_OPTIONS,
      files: [path],
      http: { ...DEFAULT_HTTP_CHECK_OPTIONS, ...http },
    },
    warn: (text) => warnings.push(text),
    onEvent: () => undefined,
  });
  return { policy, warnings };
};

const ALICE = makeCredentials({ user_id: 'alice', roles: ['member'], project_id: 'p1' });
const TARGET = { 'node.owner': 'p1', 'node.lessee': null };

test('the service is told rule, object and caller as a form', async (context) => {
  const { asked, url } = await serve(context, (_request, response) => response.end('True'));
  const { policy } = await policyOf(context, `${url}/ask?owner=%(node.owner)s`);

  const allowed = await policy.allows('is_node_owner', ALICE, TARGET);

  assert.equal(allowed, true);
  const form = new URLSearchParams(asked[0]?.body);
  assert.equal(asked[0]?.url, '/ask?owner=p1');
  assert.equal(asked[0]?.type, 'application/x-www-form-urlencoded');
  assert.deepEqual([...form.keys()], ['rule', 'target', 'credentials']);
  assert.equal(form.get('rule'), '"is_node_owner"');
  assert.equal(JSON.parse(form.get('target') ?? '')['node.owner'], 'p1');
  assert.equal(JSON.parse(form.get('credentials') ?? '').user_id, 'alice');
});

test('or as one JSON object', async (context) => {
  const { asked, url } = await serve(context, (_request, response) => response.end('"True"'));
  const { policy } = await policyOf(context, `${url}/`, {
    http: { contentType: 'application/json' },
  });

  assert.equal(await policy.allows('show_password', ALICE, TARGET), true);
  assert.equal(asked[0]?.type, 'application/json');
  assert.deepEqual(JSON.parse(asked[0]?.body ?? '').credentials.roles, ['member', 'reader']);
});

const REFUSING: readonly (readonly [what: string, answer: Answering])[] = [
  ['False', (_request, response) => response.end('False')],
  ['true in lower case', (_request, response) => response.end('true')],
  ['nothing', (_request, response) => response.end()],
  ['an error', (_request, response) => response.writeHead(500).end('True')],
  ['a redirect', (_request, response) => response.writeHead(302, { location: '/' }).end('True')],
  ['a very long text', (_request, response) => response.end(`True${' '.repeat(100_000)}`)],
  ['an end of the connection', (request) => request.socket.destroy()],
];

for (const [what, answer] of REFUSING) {
  test(`${what} is a no`, async (context) => {
    const { url } = await serve(context, answer);
    const { policy } = await policyOf(context, `${url}/`);

    assert.equal(await policy.allows('show_password', ALICE), false);
  });
}

test('a service that does not answer in time is a no, and is told of', async (context) => {
  let endTime: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock,
    after: (_delayMs, work) => {
      endTime = work;
      return () => undefined;
    },
  };
  const { url } = await serve(context, () => endTime());
  const { policy, warnings } = await policyOf(context, `${url}/`, { clock });

  assert.equal(await policy.allows('show_password', ALICE), false);
  assert.match(warnings.join(), /asked http:\/\/127\.0\.0\.1:\d+ and got no answer/);
});

test('no object can choose which service is told of the caller', async (context) => {
  await assert.rejects(policyOf(context, 'http://%(node.owner)s/ask'), /with a fixed host/);
  await assert.rejects(policyOf(context, 'http://x%(node.owner)s/ask'), /with a fixed host/);
  await assert.rejects(policyOf(context, 'http:%(node.owner)s'), /with a fixed host/);
});
