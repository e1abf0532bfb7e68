// A service of ours for tests, over TLS: answers lookups and heartbeats as told, and remembers what it saw.

import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@bessemer/protocol/json';
import type { TestAuthority } from './test-authority.ts';

export const NODE_UUID = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123';

export type Seen = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type LookupService = {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** What the next lookups say in `config` beside the timeout. */
  config: (lookup: Seen) => JsonObject;
  readonly lookups: () => readonly Seen[];
  /** Resolves when so many have come. */
  readonly heartbeats: (count: number) => Promise<readonly Seen[]>;
  readonly close: () => void;
};

const ROOT = { default_version: { id: 'v1', min_version: '1.1', version: '1.82' } };

export const startLookupService = async (authority: TestAuthority): Promise<LookupService> => {
  const { certificatePem: cert, keyPem: key } = await authority.issue(
    'service',
    'server',
    '127.0.0.1',
  );
  const seen: Seen[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      const path = target.split('?')[0] ?? '';
      const one = { method, target, path, headers, body: Buffer.concat(parts).toString() };
      seen.push(one);
      if (path === '/') response.end(JSON.stringify(ROOT));
      else if (method === 'POST') response.writeHead(202).end();
      else response.end(JSON.stringify(answerTo(one)));
      server.emit('seen');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const answerTo = (lookup: Seen): JsonObject => ({
    node: { uuid: NODE_UUID, properties: {}, instance_info: {}, driver_internal_info: {} },
    config: { heartbeat_timeout: 300, agent_token_required: true, ...service.config(lookup) },
  });
  const beats = (): Seen[] => seen.filter(({ method }) => method === 'POST');
  const service: LookupService = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    config: () => ({ agent_token: '******' }),
    lookups: () => seen.filter(({ path }) => path === '/v1/lookup'),
    heartbeats: async (count) => {
      while (beats().length < count) await once(server, 'seen');
      return beats();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
};
