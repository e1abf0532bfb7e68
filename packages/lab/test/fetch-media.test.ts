// How the BMC fetches an image from servers that are not as they should be.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fetchMedia } from '../src/bmc/fetch-media.ts';
import { makeLabAuthority, type LabAuthority } from '../src/bmc/lab-authority.ts';
import { systemClock } from '../src/clock.ts';

const IMAGE = Buffer.alloc(5 * 1024 * 1024, 'medium');

let directory = '';
let authority: LabAuthority;
let other: LabAuthority;
let server: Server;
let base = '';
let cuts = 0;

const servers: { readonly [path: string]: (q: IncomingMessage, r: ServerResponse) => void } = {
  '/good': (request, response) => serveRange(request, response, '"one"'),
  '/changing': (request, response) =>
    serveRange(request, response, request.method === 'HEAD' ? '"one"' : '"two"'),
  '/without-ranges': (_request, response) => {
    response.writeHead(200, { 'content-length': IMAGE.length }).end();
  },
  '/whole': (request, response) => {
    const head = { 'content-length': IMAGE.length, 'accept-ranges': 'bytes' };
    response.writeHead(200, head).end(request.method === 'HEAD' ? undefined : IMAGE);
  },
  '/cut-once': (request, response) => {
    cuts += 1;
    if (cuts === 2) request.socket.destroy();
    else serveRange(request, response, '"one"');
  },
  '/moved': (_request, response) => {
    response.writeHead(302, { location: '/good' }).end();
  },
};

const serveRange = (request: IncomingMessage, response: ServerResponse, etag: string): void => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (range === null) {
    const head = { 'content-length': IMAGE.length, 'accept-ranges': 'bytes', etag };
    response.writeHead(200, head).end();
    return;
  }
  const part = IMAGE.subarray(Number(range[1]), Number(range[2]) + 1);
  const contentRange = `bytes ${range[1]}-${range[2]}/${IMAGE.length}`;
  response.writeHead(206, { 'content-range': contentRange, 'content-length': part.length, etag });
  response.end(part);
};

const fetch = (path: string, ca: string | null, sizeBytesMax = IMAGE.length): Promise<number> =>
  fetchMedia(`${base}${path}`, join(directory, `${path}.iso`), {
    ca,
    clock: systemClock,
    sizeBytesMax,
  });

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-fetch-'));
  authority = await makeLabAuthority(systemClock);
  other = await makeLabAuthority(systemClock);
  const identity = await authority.issue('images', '127.0.0.1');
  server = createServer({ key: identity.key, cert: identity.certificate }, (request, response) => {
    servers[request.url ?? '']?.(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  base = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

after(async () => {
  server.close();
  server.closeAllConnections();
  await rm(directory, { recursive: true });
});

test('an image comes whole, over TLS that the given authority vouches for', async () => {
  const sizeBytes = await fetch('/good', authority.certificate);

  assert.equal(sizeBytes, IMAGE.length);
  assert.ok((await readFile(join(directory, 'good.iso'))).equals(IMAGE));
  assert.equal((await stat(join(directory, 'good.iso'))).mode & 0o777, 0o600);
});

test('a connection that is cut once is no failure', async () => {
  const sizeBytes = await fetch('/cut-once', null);

  assert.equal(sizeBytes, IMAGE.length);
});

test('a server of another authority is not asked for anything', async () => {
  await assert.rejects(fetch('/good', other.certificate), { name: 'MediaFetchFailure' });
});

const BAD_SERVERS = [
  { path: '/changing', text: /changed while it was fetched/ },
  { path: '/without-ranges', text: /does not serve ranges/ },
  { path: '/whole', text: /answered 200 to a range/ },
  { path: '/moved', text: /answered 302/ },
];

for (const { path, text } of BAD_SERVERS) {
  test(`the server at ${path} is named by what it did`, async () => {
    await assert.rejects(fetch(path, null), text);
  });
}

test('an image over the size limit is not fetched', async () => {
  await assert.rejects(fetch('/good', null, IMAGE.length - 1), /too many/);
});

test('locations that are no web addresses are refused', async () => {
  const options = { ca: null, clock: systemClock };

  await assert.rejects(fetchMedia('nfs://host/boot.iso', '/dev/null', options), /not supported/);
  await assert.rejects(fetchMedia('boot.iso', '/dev/null', options), /not a URL/);
});
