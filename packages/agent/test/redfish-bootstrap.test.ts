// An account by Redfish from inside, against a Redfish service with a certificate of its own and a BMC that gives a login
// for this once.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, before, beforeEach, test } from 'node:test';
import type { BmcHostInterface, BmcUserWish } from '@bessemer/protocol/agent/bmc-commands';
import { type Clock, systemClock } from '#clock';
import { redfishBootstrap } from '../src/commands/bmc/redfish-bootstrap.ts';
import type { IpmiAnswer, IpmiRequest, SystemInterface } from '#hardware/ipmi/system-interface';
import { type Identity, makeTestAuthority } from './test-authority.ts';

const ACCOUNTS = '/redfish/v1/AccountService/Accounts';
const LOGIN = { username: 'bootstrap001', password: 'once-only-secret' };
const WISH = {
  username: 'bsmr-a',
  password: 'Kq7-canary-Wz4Tb',
  privilege: 'administrator',
} as const;

type Account = { UserName: string; Password: string; RoleId: string; Enabled: boolean };

let identity: Identity;
let server: Server;
let accounts: Map<string, Account>;
/** What reached the service, as METHOD path. */
let seen: string[];
let fingerprint: Buffer;
/** Each answer ends before its end. */
let isCut: boolean;

before(async () => {
  const authority = await makeTestAuthority('authority of this test');
  identity = await authority.issue('bmc', 'server', '127.0.0.1');
});

beforeEach(async () => {
  const { raw } = new X509Certificate(identity.certificatePem);
  fingerprint = createHash('sha256').update(raw).digest();
  accounts = new Map([
    [`${ACCOUNTS}/1`, { UserName: 'root', Password: 'x', RoleId: 'Administrator', Enabled: true }],
  ]);
  seen = [];
  isCut = false;
  server = createServer(
    { cert: identity.certificatePem, key: identity.keyPem },
    (request, reply) => {
      const path = request.url ?? '';
      seen.push(`${request.method} ${path}`);
      if (isCut) {
        reply.writeHead(200, { 'Content-Length': '100' }).write('{');
        setImmediate(() => reply.destroy());
        return;
      }
      const right = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
      if (request.headers.authorization !== `Basic ${right}`) {
        reply.writeHead(401).end();
        return;
      }
      let text = '';
      request.on('data', (part: Buffer) => {
        text += part.toString();
      });
      request.once('end', () => {
        const body = answer(request.method ?? '', path, text);
        reply.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? {}));
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const answer = (method: string, path: string, text: string): object | undefined => {
  if (path === '/redfish/v1/AccountService') return { Accounts: { '@odata.id': ACCOUNTS } };
  if (path === ACCOUNTS && method === 'POST') {
    const made = `${ACCOUNTS}/${accounts.size + 1}`;
    accounts.set(made, JSON.parse(text) as Account);
    return { '@odata.id': made };
  }
  if (path === ACCOUNTS)
    return { Members: [...accounts.keys()].map((id) => ({ '@odata.id': id })) };
  const account = accounts.get(path);
  if (account !== undefined && method === 'PATCH') Object.assign(account, JSON.parse(text));
  return account;
};

const answered = (...data: readonly (number | Buffer)[]): IpmiAnswer => ({
  code: 0,
  data: Buffer.concat(data.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part))),
});

const field = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(16)], 16);

/** `isOff`: it gives no logins. */
const bmcOf = ({ isOff = false } = {}): SystemInterface => {
  const exchange = async ({ netFn, command }: IpmiRequest): Promise<IpmiAnswer> => {
    assert.equal(netFn, 0x2c);
    if (command === 1) return answered(0x52, 0x01, fingerprint);
    return isOff
      ? { code: 0x80, data: Buffer.alloc(0) }
      : answered(0x52, field(LOGIN.username), field(LOGIN.password));
  };
  return { exchange, exchangeAll: (all) => Promise.all(all.map(exchange)) };
};

const interfaceOf = (): BmcHostInterface => ({
  device: { kind: 'usb', vendorId: 0x046b, productId: 0xffb0 },
  serviceUuid: '0',
  hostAddress: '169.254.0.2',
  hostMask: '255.255.0.0',
  hostAssignment: 1,
  serviceAddress: '127.0.0.1',
  servicePort: (server.address() as AddressInfo).port,
  serviceHostname: '',
});

const partsOf = (bmc = bmcOf(), obstacle?: string) => ({
  bmc,
  hostInterface: async () => interfaceOf(),
  joinHostNetwork: async () => obstacle,
});

const bootstrap = (
  parts: Parameters<typeof redfishBootstrap>[0] = partsOf(),
  wish: BmcUserWish = WISH,
  clock: Pick<Clock, 'after'> = systemClock,
) => redfishBootstrap(parts, wish, clock);

test('an account is made, and the same again changes it', async () => {
  const made = await bootstrap();
  const again = await bootstrap(partsOf(), { ...WISH, password: 'another-Password1' });

  assert.deepEqual(made, { supported: true, account: `${ACCOUNTS}/2` });
  assert.deepEqual(again, made);
  assert.equal(accounts.size, 2);
  assert.deepEqual(accounts.get(`${ACCOUNTS}/2`), {
    UserName: 'bsmr-a',
    Password: 'another-Password1',
    RoleId: 'Administrator',
    Enabled: true,
  });
});

test('a service with another certificate than the BMC tells gets no byte', async () => {
  fingerprint = Buffer.alloc(32, 1);

  await assert.rejects(bootstrap(), /another certificate/);

  assert.deepEqual(seen, []);
});

test('what is missing is told, and nothing was sent', async () => {
  const causes = [
    await bootstrap({ ...partsOf(), hostInterface: async () => null }, WISH),
    await bootstrap(partsOf(bmcOf({ isOff: true })), WISH),
    await bootstrap(partsOf(bmcOf(), 'the network card to the BMC is not there'), WISH),
    await bootstrap(partsOf(), { ...WISH, privilege: 'callback' }),
  ];

  assert.deepEqual(
    causes.map(({ supported }) => supported),
    [false, false, false, false],
  );
  assert.match(JSON.stringify(causes), /SMBIOS.*no login.*network card.*no role/);
  assert.deepEqual(seen, []);
});

test('a refusal of the service is told without the password', async () => {
  accounts.clear();
  server.removeAllListeners('request');
  server.on('request', (_request, reply) => reply.writeHead(400).end(WISH.password));

  await assert.rejects(
    bootstrap(),
    (error: Error) => /answered 400/.test(error.message) && !error.message.includes('canary'),
  );
});

test('a service that goes away in the middle of its answer is not waited for', async () => {
  isCut = true;

  await assert.rejects(bootstrap(), /the answer was cut off/);
});

test('a service that never stops answering is left after a time for all of it', async () => {
  const timers: (() => void)[] = [];
  const clock: Pick<Clock, 'after'> = {
    after: (_delayMs, work) => {
      timers.push(work);
      return () => undefined;
    },
  };
  server.removeAllListeners('request');
  const isAsked = once(server, 'request');
  server.on('request', (_request, reply) => reply.writeHead(200).write('{ '));

  const asked = bootstrap(partsOf(), WISH, clock);
  await isAsked;
  for (const work of timers) work();

  await assert.rejects(asked, /GET .*AccountService: all of it took too long/);
});

test('after that time nothing more is asked, not even for a connection', async () => {
  const clock: Pick<Clock, 'after'> = {
    after: (_delayMs, work) => {
      work();
      return () => undefined;
    },
  };

  await assert.rejects(bootstrap(partsOf(), WISH, clock), /all of it took too long/);

  assert.deepEqual(seen, []);
});
