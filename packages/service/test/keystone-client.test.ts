// The client of Keystone against a server that misbehaves in all the ways that a real one will not be made to.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';

import { KeystoneAway } from '#api/auth/keystone/keystone-away';
import { type KeystoneClient, makeKeystoneClient } from '#api/auth/keystone/keystone-client';
import { systemClock } from '#clock';
import { listenerCertificate } from '#config/listener-certificate';
import { openAuthority } from '#trust/certificate/authority';
import { Secret } from '#trust/secret';

import { freePort } from '../../lab/src/free-ports.ts';

const PASSWORD = 'never in a text';
const OWN = 'own-token';
const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();
const TOKEN = { user: { id: 'u1', domain: { id: 'default' } }, expires_at: IN_AN_HOUR, roles: [] };
/** Longer than a busy machine needs. */
const TIMEOUT_MS = 20_000;
/** For peers that never come to an end. */
const SHORT_TIMEOUT_MS = 1_000;

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

/** Logins succeed; what is said about tokens is `answer`. */
const keystoneThat =
  (answer: RequestListener): RequestListener =>
  (request, response) => {
    request.resume();
    if (request.method === 'GET') answer(request, response);
    else json(response, 201, { token: TOKEN }, { 'x-subject-token': OWN });
  };

const clientOf = (
  authUrl: string,
  {
    authorityPem,
    timeoutMs = TIMEOUT_MS,
  }: { readonly authorityPem?: string; readonly timeoutMs?: number } = {},
): KeystoneClient => {
  const client = makeKeystoneClient(
    {
      authUrl,
      account: {
        kind: 'password',
        username: 'ironic',
        userDomainName: 'Default',
        scope: { kind: 'system' },
        secret: async () => new Secret(PASSWORD),
      },
      authorityPem,
      timeoutMs,
    },
    systemClock,
  );
  ending.push(client.close);
  return client;
};

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  ending.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const validate = (client: KeystoneClient): ReturnType<KeystoneClient['validate']> =>
  client.validate('theirs', { isExpiredAllowed: false });

const isAway = (error: unknown): boolean =>
  error instanceof KeystoneAway &&
  !error.message.includes(PASSWORD) &&
  !error.message.includes(OWN);

const WRONG: { readonly [what: string]: RequestListener } = {
  'a page of a proxy': (_request, response) => response.end('<html>welcome</html>'),
  'an object about nothing': (_request, response) => json(response, 200, {}),
  'a token of nobody': (_request, response) => json(response, 200, { token: { roles: [] } }),
  'more than an answer': (_request, response) => response.end('x'.repeat(2 * 1024 ** 2)),
  'a refusal to tell': (_request, response) => json(response, 403, { error: {} }),
  'a refusal of our token': (_request, response) => json(response, 401, { error: {} }),
  'a failure': (_request, response) => json(response, 500, { error: {} }),
  'a redirect': (_request, response) => json(response, 302, {}, { location: 'http://127.0.0.1:1' }),
  'half an answer': (request) => request.socket.destroy(),
};

const ENDLESS: { readonly [what: string]: RequestListener } = {
  'nothing at all': () => undefined,
  'a byte now and then': (_request, response) => {
    response.writeHead(200);
    const each = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(each));
  },
};

for (const [what, answer] of Object.entries(WRONG)) {
  test(`${what} lets nobody in, and is not taken for a bad token`, async () => {
    const client = clientOf(await serve(keystoneThat(answer)));

    await assert.rejects(validate(client), isAway);
  });
}

for (const [what, answer] of Object.entries(ENDLESS)) {
  test(`${what} is waited for so long and no longer`, async () => {
    const client = clientOf(await serve(keystoneThat(answer)), { timeoutMs: SHORT_TIMEOUT_MS });

    await assert.rejects(validate(client), isAway);
  });
}

test('a connection that was closed between two questions is no outage', async () => {
  let asked = 0;
  const url = await serve(
    keystoneThat((request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else json(response, 200, { token: TOKEN });
    }),
  );

  assert.equal((await validate(clientOf(url)))?.credentials.user_id, 'u1');
});

test('a token that Keystone does not know is bad, one that it tells about is good', async () => {
  const paths: string[] = [];
  const url = await serve(
    keystoneThat((request, response) => {
      paths.push(`${request.url} ${String(request.headers['x-auth-token'])}`);
      const isKnown = request.headers['x-subject-token'] === 'theirs';
      json(response, isKnown ? 200 : 404, isKnown ? { token: TOKEN } : { error: {} });
    }),
  );
  // With or without the version, and with a path before it.
  const [plain, versioned] = [clientOf(url), clientOf(`${url}/identity/v3/`)];

  assert.equal((await validate(plain))?.credentials.user_id, 'u1');
  assert.equal((await validate(versioned))?.credentials.user_id, 'u1');
  assert.equal(await plain.validate('none', { isExpiredAllowed: true }), undefined);
  assert.deepEqual(paths, [
    `/v3/auth/tokens?nocatalog ${OWN}`,
    `/identity/v3/auth/tokens?nocatalog ${OWN}`,
    `/v3/auth/tokens?nocatalog&allow_expired=1 ${OWN}`,
  ]);
});

test('when nobody listens, Keystone is away', async () => {
  const port = await freePort();

  await assert.rejects(validate(clientOf(`http://127.0.0.1:${port}`)), isAway);
});

test('over HTTPS Keystone is believed by its authority only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-keystone-client-'));
  ending.push(() => rm(directory, { recursive: true, force: true }));
  const authority = await openAuthority(join(directory, 'ca'), Date.now());
  const hosts = ['127.0.0.1'];
  const { key, certificate } = await listenerCertificate(
    join(directory, 'listeners'),
    'api',
    hosts,
    authority,
    systemClock,
  );
  const answer = keystoneThat((_request, response) => json(response, 200, { token: TOKEN }));
  const server = createTlsServer({ key, cert: certificate }, answer).listen(0, '127.0.0.1');
  ending.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  assert.equal(
    (await validate(clientOf(url, { authorityPem: authority.certificatePem })))?.credentials
      .user_id,
    'u1',
  );
  await assert.rejects(validate(clientOf(url)), isAway);
});
