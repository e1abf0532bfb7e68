// Keystone and Neutron on one socket, as far as an address needs them: v3 login with a catalog, and the list of ports
// with its filters, in the words that the real ones use.

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export type FakePort = {
  readonly id: string;
  readonly mac_address: string;
  readonly network_id: string;
  readonly fixed_ips: readonly { readonly ip_address: string; readonly subnet_id: string }[];
};

export type FakeNeutron = {
  readonly url: string;
  readonly ports: FakePort[];
  /** Requests as `METHOD path`. */
  readonly requests: string[];
  /** As after a restart of Keystone. */
  readonly forgetTokens: () => void;
  tokenLifeMs: number;
  readonly close: () => Promise<void>;
};

export const ACCOUNT = { username: 'bessemer', password: 'correct horse', projectName: 'service' };

const send = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

const UNAUTHORIZED = {
  error: {
    code: 401,
    title: 'Unauthorized',
    message: 'The request you have made requires authentication.',
  },
};

export const startFakeNeutron = async (nowMs: () => number): Promise<FakeNeutron> => {
  const tokens = new Set<string>();
  const ports: FakePort[] = [];
  const requests: string[] = [];
  let url = '';

  const login = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { auth } = JSON.parse(Buffer.concat(chunks).toString());
    const { user } = auth.identity.password;
    const isRight =
      user.name === ACCOUNT.username &&
      user.password === ACCOUNT.password &&
      user.domain.name === 'Default' &&
      auth.scope.project.name === ACCOUNT.projectName;
    if (!isRight) return send(response, 401, UNAUTHORIZED);
    const token = `gAAAAA${randomBytes(24).toString('base64url')}`;
    tokens.add(token);
    const endpoint = { id: 'e', interface: 'public', region: 'RegionOne', region_id: 'RegionOne' };
    const body = {
      token: {
        methods: ['password'],
        expires_at: new Date(nowMs() + fake.tokenLifeMs).toISOString(),
        catalog: [
          { type: 'identity', name: 'keystone', endpoints: [{ ...endpoint, url }] },
          {
            type: 'network',
            name: 'neutron',
            endpoints: [
              { ...endpoint, interface: 'admin', url: 'http://192.0.2.1:9696' },
              { ...endpoint, url: `${url}/` },
            ],
          },
        ],
      },
    };
    return send(response, 201, body, { 'x-subject-token': token });
  };

  const listPorts = (request: IncomingMessage, response: ServerResponse): void => {
    if (!tokens.has(String(request.headers['x-auth-token']))) {
      return send(response, 401, { message: 'The request you have made requires authentication.' });
    }
    const query = new URL(request.url ?? '', url).searchParams;
    const isIn = (name: string, value: string): boolean => {
      const wanted = query.getAll(name);
      return wanted.length === 0 || wanted.includes(value);
    };
    const found = ports.filter(
      (port) => isIn('mac_address', port.mac_address) && isIn('network_id', port.network_id),
    );
    const fields = query.getAll('fields');
    const shown = found.map((port) =>
      Object.fromEntries(Object.entries(port).filter(([key]) => fields.includes(key))),
    );
    return send(response, 200, { ports: fields.length === 0 ? found : shown });
  };

  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    requests.push(`${request.method} ${path}`);
    if (request.method === 'POST' && path === '/v3/auth/tokens') void login(request, response);
    else if (request.method === 'GET' && path === '/v2.0/ports') listPorts(request, response);
    else send(response, 404, { message: 'The resource could not be found.' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeNeutron = {
    url,
    ports,
    requests,
    tokenLifeMs: 3_600_000,
    forgetTokens: () => tokens.clear(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
};
