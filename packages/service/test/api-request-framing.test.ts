// Requests that two readers could take for two different things: what is in front of us must not see another request,
// another caller or another version than we do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import type { IncomingHttpHeaders } from 'node:http';

import { systemAdministrator } from '#policy/credentials';

import { type Api, openApi } from './api/with-api.ts';

const callers: IncomingHttpHeaders[] = [];

let api: Api;
before(async () => {
  api = await openApi({
    authenticate: (headers) => {
      callers.push(headers);
      return { outcome: 'accepted', user: 'a', credentials: systemAdministrator('a') };
    },
  });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => api?.close());

/** The statuses of all answers that came before the connection ended. */
const say = async (...lines: readonly string[]): Promise<readonly number[]> => {
  const { port } = api.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  socket.end(lines.join('\r\n'));
  await once(socket, 'close');
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
};

const NEXT = ['DELETE /v1/nodes/x HTTP/1.1', 'Host: x', 'Connection: close', '', ''];

for (const [what, headers] of [
  ['two lengths', ['Content-Length: 2', 'Content-Length: 60']],
  ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
  ['an encoding that is nearly chunked', ['Transfer-Encoding: xchunked']],
  ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
  ['a length that is no number', ['Content-Length: +2']],
  ['a blank before the colon', ['Content-Length : 2']],
  ['a folded header', ['X-Persona: a', ' b']],
] as const) {
  test(`${what}: refused, and what follows is no request`, async () => {
    const head = ['POST /v1/nodes HTTP/1.1', 'Host: x', ...headers, '', '{}'];

    assert.deepEqual(await say(...head, ...NEXT), [400]);
  });
}

test('a version that is said twice is none', async () => {
  const version = 'X-OpenStack-Ironic-API-Version';
  const head = ['GET /v1/nodes HTTP/1.1', 'Host: x', `${version}: 1.1`, `${version}: 1.90`];

  assert.deepEqual(await say(...head, 'Connection: close', '', ''), [406]);
});

test('of a token that is said twice no one reader can take the other half', async () => {
  const token = ['X-Auth-Token: good', 'X-Auth-Token: bad'];
  callers.length = 0;

  await say('GET /v1/nodes HTTP/1.1', 'Host: x', ...token, 'Connection: close', '', '');

  // With a blank in it it is no token: see authenticate-keystone.test.ts.
  assert.equal(callers[0]?.['x-auth-token'], 'good, bad');
});

test('a method is what stands in the first line, whatever headers and arguments say', async () => {
  const override = [
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: DELETE',
    'X-Method-Override: DELETE',
  ];
  const { uuid } = await api.createNode();

  const asked = await say(
    `GET /v1/nodes/${uuid} HTTP/1.1`,
    'Host: x',
    ...override,
    'Connection: close',
    '',
    '',
  );
  const argument = await api.ask('GET', `/v1/nodes/${uuid}?_method=DELETE`);

  assert.deepEqual(asked, [200]);
  assert.equal(argument.status, 400);
  assert.equal((await api.ask('GET', `/v1/nodes/${uuid}`)).status, 200);
});
