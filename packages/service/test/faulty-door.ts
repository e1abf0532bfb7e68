// Stands before an HTTP server, as HTTPS with a certificate of its own authority, and does to the next question what a
// test wants: everything that networks, proxies and crashing servers do.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '#clock';
import { openAuthority } from '#trust/certificate/authority';

import { request } from 'undici';

import { freePort } from '../../lab/src/free-ports.ts';
import { listenerCertificate } from '../src/config/listener-certificate.ts';

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly text: string }
  /** Not passed on, not answered. */
  | { readonly kind: 'hang' }
  /** Passed on and done; the connection ends instead of an answer. */
  | { readonly kind: 'lost' }
  /** Passed on and done; the answer never comes. */
  | { readonly kind: 'done-and-hang' }
  /** Not passed on before `until`, when nobody may wait for it any more. */
  | { readonly kind: 'held'; readonly until: Promise<void> }
  /** Half of the answer, as if that were all. */
  | { readonly kind: 'half' }
  /** Half of the answer, then the connection ends. */
  | { readonly kind: 'cut' };

export type FaultyDoor = {
  readonly url: string;
  readonly authorityPem: string;
  /** What happens to each question from now on that `which` picks; returns how often it did. */
  readonly break: (fault: Fault, which?: (method: string, path: string) => boolean) => () => number;
  readonly mend: () => void;
  /** What was passed on so far is done. */
  readonly settled: () => Promise<void>;
  /** Nothing listens any more, then again at the same port. */
  readonly goDown: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const read = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

export const openFaultyDoor = async (upstream: () => string): Promise<FaultyDoor> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-door-'));
  const authority = await openAuthority(join(directory, 'ca'), Date.now());
  const listeners = join(directory, 'listeners');
  const { key, certificate } = await listenerCertificate(
    listeners,
    'api',
    ['127.0.0.1'],
    authority,
    systemClock,
  );
  let broken:
    | { readonly fault: Fault; readonly which: (method: string, path: string) => boolean }
    | undefined;
  let hits = 0;

  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = incoming;
    const body = await read(incoming);
    const fault = broken?.which(method, url) === true ? broken.fault : undefined;
    if (fault !== undefined) hits += 1;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'held') await fault.until;
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.text);
      return;
    }
    const { connection: _connection, host: _host, ...headers } = incoming.headers;
    const answer = await request(`${upstream()}${url}`, {
      method: method as 'GET',
      headers,
      ...(body.length === 0 ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (fault?.kind === 'lost') incoming.socket.destroy();
    if (fault?.kind === 'lost' || fault?.kind === 'done-and-hang') return;
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = answer.headers;
    const half = bytes.subarray(0, bytes.length / 2);
    if (fault?.kind === 'cut') {
      response.writeHead(answer.statusCode, { ...others, 'content-length': bytes.length });
      response.write(half, () => incoming.socket.destroy());
      return;
    }
    response.writeHead(answer.statusCode, others).end(fault?.kind === 'half' ? half : bytes);
  };

  const underWay = new Set<Promise<void>>();
  const server = createServer({ key, cert: certificate }, (incoming, response) => {
    const passing = pass(incoming, response)
      .catch(() => void incoming.socket.destroy())
      .finally(() => underWay.delete(passing));
    underWay.add(passing);
  });
  // The same when it comes back.
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const goDown = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    url: `https://127.0.0.1:${port}`,
    authorityPem: authority.certificatePem,
    break: (fault, which = () => true) => {
      hits = 0;
      broken = { fault, which };
      return () => hits;
    },
    mend: () => (broken = undefined),
    settled: async () => {
      await Promise.all(underWay);
    },
    goDown,
    comeBack: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop: async () => {
      await goDown();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
