// A Redfish BMC for tests: real HTTPS, real state, and every bad habit that the driver must bear, switched on
// by name. Shares no code with the driver and none with the lab.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { JsonObject } from '@bessemer/protocol/json';

import { answerResource } from './fake-bmc-resources.ts';
import {
  extended,
  freshMachine,
  goodHabits,
  PASSWORD,
  take,
  USERNAME,
  type FakeBmc,
  type Reply,
  type SeenRequest,
} from './fake-bmc-state.ts';
import { makeSelfSigned } from './self-signed.ts';

export const startFakeBmc = async (): Promise<FakeBmc> => {
  const { certificatePem, keyPem, pin } = await makeSelfSigned();
  let concurrent = 0;
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    concurrent += 1;
    bmc.concurrentMax = Math.max(bmc.concurrentMax, concurrent);
    response.on('close', () => {
      concurrent -= 1;
    });
    readBody(request).then(
      (body) => {
        const seen = see(request, body);
        bmc.requests.push(seen);
        if (take(bmc.habits, 'silentTimes')) return;
        const reply = bmc.habits.distort(seen.path, replyTo(bmc, seen));
        if (isEffect(seen) && take(bmc.habits, 'cutTimes')) {
          request.socket.destroy();
          return;
        }
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
        response.end(reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)));
      },
      () => request.socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bmc: FakeBmc = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificatePem,
    pin,
    accounts: new Map([[USERNAME, PASSWORD]]),
    sessions: new Set(),
    machine: freshMachine(),
    habits: goodHabits(),
    requests: [],
    tasks: new Map(),
    refusedLogins: 0,
    concurrentMax: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return bmc;
};

const isEffect = ({ method, path }: SeenRequest): boolean =>
  (method === 'POST' && path.includes('/Actions/')) || (method === 'PATCH' && path.endsWith('/Cd'));

const readBody = async (request: IncomingMessage): Promise<JsonObject> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
};

const see = (request: IncomingMessage, body: JsonObject): SeenRequest => ({
  method: request.method ?? '',
  path: request.url ?? '',
  body,
  authorization: request.headers.authorization,
  token: request.headers['x-auth-token'] as string | undefined,
  ifMatch: request.headers['if-match'],
});

const replyTo = (bmc: FakeBmc, request: SeenRequest): Reply => {
  if (take(bmc.habits, 'busyTimes')) return { status: 503, headers: { 'retry-after': '0' } };
  const odd = bmc.habits.override(request.path);
  if (odd !== undefined) return odd;
  if (request.path === '/redfish/v1/') return { status: 200, body: serviceRoot(bmc) };
  if (request.path === '/redfish/v1/SessionService/Sessions' && request.method === 'POST') {
    return logIn(bmc, request);
  }
  const refused = refusalOf(bmc, request);
  if (refused !== undefined) return refused;
  if (
    request.method === 'DELETE' &&
    request.path.startsWith('/redfish/v1/SessionService/Sessions/')
  ) {
    bmc.sessions.delete(request.token ?? '');
    return { status: 204 };
  }
  return answerResource(bmc, request);
};

const serviceRoot = (bmc: FakeBmc): JsonObject => ({
  RedfishVersion: '1.15.0',
  Systems: { '@odata.id': '/redfish/v1/Systems' },
  ...(bmc.habits.hasSessions
    ? {
        SessionService: { '@odata.id': '/redfish/v1/SessionService' },
        Links: { Sessions: { '@odata.id': '/redfish/v1/SessionService/Sessions' } },
      }
    : {}),
});

const logIn = (bmc: FakeBmc, { body }: SeenRequest): Reply => {
  if (!bmc.habits.hasSessions) return { status: 404 };
  if (bmc.habits.isSessionLimitReached) {
    return extended(400, 'Base.1.12.SessionLimitExceeded', 'The session limit is reached.');
  }
  const { UserName: username, Password: password } = body;
  if (typeof username !== 'string' || bmc.accounts.get(username) !== password) {
    bmc.refusedLogins += 1;
    // Repeats the password, as a careless implementation would.
    return extended(
      401,
      'Base.1.12.NoValidSession',
      `Login with ${JSON.stringify(password)} refused.`,
    );
  }
  const token = randomBytes(16).toString('hex');
  bmc.sessions.add(token);
  const location = `/redfish/v1/SessionService/Sessions/${bmc.sessions.size}`;
  return {
    status: 201,
    headers: { 'x-auth-token': token, location },
    body: { '@odata.id': location },
  };
};

const refusalOf = (bmc: FakeBmc, request: SeenRequest): Reply | undefined => {
  if (request.token !== undefined && bmc.sessions.has(request.token)) return undefined;
  const refused = extended(401, 'Base.1.12.NoValidSession', 'There is no valid session.');
  if (request.authorization === undefined) return refused;
  const pair = Buffer.from(request.authorization.replace('Basic ', ''), 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (bmc.accounts.get(pair.slice(0, colon)) === pair.slice(colon + 1)) return undefined;
  bmc.refusedLogins += 1;
  return refused;
};
