// The listener for ramdisks as strangers meet it: what is refused before a body is read, by source, by how often.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import type { FastifyInstance } from 'fastify';

import { makeRamdiskListener, type RamdiskListenerParts } from '#api/ramdisk-listener';
import { DEFAULT_RATE_LIMIT_OPTIONS, makeRateLimits } from '#api/ramdisk/rate-limits';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { type Answer, answerOf, type Api, openApi } from './api/with-api.ts';
import { type HandClock, makeHandClock } from './drivers/hand-clock.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const LOOKUP = '/v1/lookup?addresses=52:54:00:00:00:01';
const HEARTBEAT = `/v1/heartbeat/${UUID}`;
const BEAT = { callback_url: 'https://10.0.0.5:9999', agent_token: 'x', agent_version: '9.0' };
const MACHINE = '192.0.2.7';
const STRANGER = '198.51.100.66';

let api: Api;
let clock: HandClock;
let app: FastifyInstance;
before(async () => {
  api = await openApi();
});
beforeEach(() => {
  clock = makeHandClock();
  api.conductor.lookupAnswer = undefined;
  api.conductor.heartbeatRefusal = undefined;
  for (const list of [api.conductor.heartbeats, api.conductor.lookups, api.conductor.events]) {
    list.length = 0;
  }
});
afterEach(() => app.close());
after(() => api.close());

const open = (more: Partial<RamdiskListenerParts> = {}): void => {
  app = makeRamdiskListener({
    conductor: api.conductor,
    clock,
    log: api.parts.log,
    isDisabled: false,
    publicEndpoint: undefined,
    tls: undefined,
    ...more,
  });
};
const openLimited = (): void => open({ limits: makeRateLimits(DEFAULT_RATE_LIMIT_OPTIONS) });

type Call = {
  readonly from?: string;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
};

const send = async (method: 'GET' | 'POST', url: string, call: Call = {}): Promise<Answer> =>
  answerOf(
    await app.inject({
      method,
      url,
      remoteAddress: call.from ?? MACHINE,
      headers: { 'x-openstack-ironic-api-version': '1.68', ...call.headers },
      ...(call.body === undefined ? {} : { payload: JSON.stringify(call.body) }),
    }),
  );
const lookup = (call: Call = {}): Promise<Answer> => send('GET', LOOKUP, call);
const beat = (call: Call = {}): Promise<Answer> => send('POST', HEARTBEAT, { body: BEAT, ...call });
const eventNames = (): readonly string[] => api.conductor.events.map(({ name }) => name);

const openSocket = async (from = '127.0.0.1'): Promise<Socket> => {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  assert.ok(address !== null && typeof address === 'object');
  const socket = connect({ host: '127.0.0.1', port: address.port, localAddress: from });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};
const textUntilClosed = async (socket: Socket): Promise<string> => {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
};

describe('before the body is read', () => {
  const HEADERS = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nX-OpenStack-Ironic-API-Version: 1.68\r\nContent-Length: 65536\r\n\r\n{"callback_url": `;

  for (const path of [HEARTBEAT, '/v1/continue_inspection']) {
    test(`a switched-off agent API answers 403 to a body that never comes: ${path}`, async () => {
      open({ isDisabled: true });
      const socket = await openSocket();
      socket.write(HEADERS(path));

      const text = await textUntilClosed(socket);

      assert.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/);
      assert.match(text, new RegExp(`Access was denied to the following resource: ${path}`));
    });
  }

  test('a heartbeat from outside the allowed networks is 403, and its body is not waited for', async () => {
    open({ allowedNetworks: ['192.0.2.0/24'] });
    const socket = await openSocket();
    socket.write(HEADERS(HEARTBEAT));

    assert.match(await textUntilClosed(socket), /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.deepEqual(eventNames(), ['agent.source.denied']);
  });

  test('a heartbeat larger than 64 KiB is 413, a certificate larger than 16 KiB is 400', async () => {
    open();
    const large = await beat({ body: { ...BEAT, agent_version: 'x'.repeat(65_536) } });
    const certificate = await beat({ body: { ...BEAT, agent_verify_ca: 'x'.repeat(16_385) } });
    const fine = await beat({ body: { ...BEAT, agent_verify_ca: 'x'.repeat(16_384) } });
    const nested = await beat({ body: { ...BEAT, agent_version: { a: [1] } } });

    assert.deepEqual(
      [large, certificate, fine, nested].map((each) => each.status),
      [413, 400, 202, 400],
    );
    assert.equal(api.conductor.heartbeats.length, 1);
  });
});

describe('by source', () => {
  test('a lookup from outside is the same 404 as every other, and noted with its reason', async () => {
    open({ allowedNetworks: ['192.0.2.0/24'] });
    const outside = await lookup({ from: STRANGER });
    const unknown = await lookup();

    assert.deepEqual([outside.status, outside.text], [404, unknown.text]);
    assert.equal(api.conductor.lookups.length, 1);
    const [event] = api.conductor.events;
    assert.deepEqual(
      [event?.name, event?.source, event?.detail?.['reason']],
      ['agent.lookup.denied', STRANGER, 'network'],
    );
  });

  test('an address in its mapped form is the same address', async () => {
    open({ allowedNetworks: ['192.0.2.0/24'] });

    assert.equal((await beat({ from: `::ffff:${MACHINE}` })).status, 202);
    assert.equal((await beat({ from: `::ffff:${STRANGER}` })).status, 403);
  });

  test('X-Forwarded-For counts only from a trusted proxy', async () => {
    const headers = { 'x-forwarded-for': MACHINE };
    open({ allowedNetworks: ['192.0.2.0/24'] });
    assert.equal((await beat({ from: STRANGER, headers })).status, 403);
    await app.close();

    open({ allowedNetworks: ['192.0.2.0/24'], trustedProxies: ['198.51.100.0/28'] });
    assert.equal((await beat({ from: STRANGER, headers })).status, 403);
    assert.equal((await beat({ from: '198.51.100.1', headers })).status, 202);
    // What the machine itself wrote in front of what the proxy added counts for nothing.
    const forged = { 'x-forwarded-for': `${MACHINE}, ${STRANGER}` };
    assert.equal((await beat({ from: '198.51.100.1', headers: forged })).status, 403);
    assert.equal(api.conductor.heartbeats.at(-1)?.sourceAddress, MACHINE);
  });

  test('discovery answers everybody', async () => {
    open({ allowedNetworks: ['192.0.2.0/24'] });

    assert.equal((await send('GET', '/', { from: STRANGER })).status, 200);
  });
});

describe('by how often', () => {
  test('too many lookups are 429 with the time to wait, and others are answered', async () => {
    openLimited();
    const answers = [];
    for (let turn = 0; turn < 25; turn += 1) {
      answers.push(await send('GET', `/v1/lookup?addresses=52:54:00:00:00:${10 + turn}`));
    }

    assert.deepEqual(
      [answers[19]?.status, answers[20]?.status, answers[20]?.headers['retry-after']],
      [404, 429, '6'],
    );
    assert.equal(api.conductor.lookups.length, 20);
    assert.equal((await lookup({ from: STRANGER })).status, 404);
    clock.advance(6_000);
    assert.equal((await lookup()).status, 404);
  });

  test('one machine asks for one node at most 6 times a minute', async () => {
    openLimited();
    const statuses = [];
    for (let turn = 0; turn < 8; turn += 1) statuses.push((await lookup()).status);

    assert.deepEqual(statuses, [404, 404, 404, 404, 404, 404, 429, 429]);
  });

  test('whoever is denied on and on is shunned for ten minutes, and it is noted', async () => {
    openLimited();
    for (let turn = 0; turn < 40; turn += 1) {
      await send('GET', `/v1/lookup?addresses=52:54:00:00:01:${10 + turn}`);
      clock.advance(3_000);
    }

    assert.deepEqual(eventNames(), ['agent.lookup.scan']);
    const shunned = await lookup();
    assert.equal(shunned.status, 429);
    assert.ok(Number(shunned.headers['retry-after']) > 300);
    clock.advance(600_000);
    assert.equal((await lookup()).status, 404);
  });

  /** As fast as one node may call, until that is answered with something else. */
  const guessUntilLimited = async (): Promise<number> => {
    for (let guesses = 0; guesses < 50; guesses += 1) {
      if ((await beat({ from: STRANGER })).status === 429) return guesses;
      clock.advance(2_000);
    }
    return assert.fail('never limited');
  };

  for (const refusal of [
    new Refusal(400, 'Invalid or missing agent token received.'),
    new Refusal(400, 'another text', 'agent.token.invalid'),
  ]) {
    test(`wrong tokens from one address end in 429 for it, noted; the agent goes on: ${refusal.event}`, async () => {
      openLimited();
      api.conductor.heartbeatRefusal = refusal;

      // 10 at once and 10 a minute, at one in two seconds.
      assert.equal(await guessUntilLimited(), 14);

      assert.deepEqual(eventNames(), ['agent.token.guessing']);
      assert.equal(api.conductor.events[0]?.nodeUuid, UUID);
      api.conductor.heartbeatRefusal = undefined;
      assert.equal((await beat({ from: STRANGER })).status, 429);
      assert.equal((await beat()).status, 202);
    });
  }

  test('other refusals are no guesses', async () => {
    openLimited();
    api.conductor.heartbeatRefusal = new Refusal(400, 'TLS is required by configuration');

    await assert.rejects(guessUntilLimited(), /never limited/);
  });

  test('heartbeats of one node: 5 at once, then 429, and another node is not held up', async () => {
    openLimited();
    const statuses = [];
    for (let turn = 0; turn < 6; turn += 1) statuses.push((await beat()).status);

    assert.deepEqual(statuses, [202, 202, 202, 202, 202, 429]);
    const other = await send('POST', '/v1/heartbeat/other-node', { body: BEAT });
    assert.equal(other.status, 202);
  });
});

describe('connections', () => {
  const LIMITED = { connectionsPerSource: 2 };
  const RATE = { perMinute: 60, burst: 2, allPerSecond: 300 };
  /** As long as one may wait to be let in, and more than what is let in together needs. */
  const LONG_MS = 11_000;
  const SOME_MS = 100;

  const ask = (socket: Socket): void => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  };
  /** Connected and seen by the listener. */
  const asking = async (from: string): Promise<Socket> => {
    const seen = once(app.server, 'connection');
    const socket = await openSocket(from);
    ask(socket);
    await seen;
    return socket;
  };
  const isServed = (socket: Socket): Promise<boolean> =>
    textUntilClosed(socket).then(
      (text) => text.startsWith('HTTP/1.1 200'),
      () => false,
    );
  const listen = (): Promise<unknown> => app.listen({ host: '127.0.0.1', port: 0 });

  test('one source holds so many; one more waits until there is a place', async () => {
    open(LIMITED);
    const first = await openSocket('127.0.0.2');
    const second = await openSocket('127.0.0.2');
    const third = await asking('127.0.0.2');
    assert.ok(await isServed(await asking('127.0.0.3')));
    clock.advance(SOME_MS);
    assert.equal(third.bytesRead, 0);

    const gone = once(second, 'close');
    ask(second);
    second.resume();
    await gone;
    // The listener notices a little later that the place is free.
    const served = isServed(third);
    while (third.bytesRead === 0 && !third.destroyed) {
      clock.advance(SOME_MS);
      await new Promise(setImmediate);
    }

    assert.ok(await served);
    first.destroy();
  });

  test('who waits too long is closed, unanswered', async () => {
    open(LIMITED);
    const held = [await openSocket('127.0.0.2'), await openSocket('127.0.0.2')];
    const third = await asking('127.0.0.2');

    clock.advance(LONG_MS);

    assert.equal(await isServed(third), false);
    assert.equal(third.bytesRead, 0);
    for (const socket of held) socket.destroy();
  });

  test('a listener that ends does not wait for those that wait', async () => {
    open(LIMITED);
    await openSocket('127.0.0.2');
    await openSocket('127.0.0.2');
    const third = await asking('127.0.0.2');

    await app.close();

    assert.equal(await isServed(third), false);
  });

  test('T-58: one source opens so many in a minute, whether it holds them or not', async () => {
    open({ connectionsPerSource: 8, connectionRate: RATE });
    await listen();
    for (const source of ['127.0.0.4', '127.0.0.4', '127.0.0.5']) {
      assert.ok(await isServed(await asking(source)));
      clock.advance(4);
    }
    const third = await asking('127.0.0.4');
    assert.equal(third.bytesRead, 0);

    clock.advance(1_000);

    assert.ok(await isServed(third));
  });

  test('T-14: whoever goes on calling too often gets one connection in a second', async () => {
    open({ connectionsPerSource: 8, limits: makeRateLimits(DEFAULT_RATE_LIMIT_OPTIONS) });
    await listen();
    const statusOf = async (): Promise<string> => {
      const socket = await openSocket('127.0.0.6');
      socket.write(`GET ${LOOKUP} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      return (await textUntilClosed(socket)).slice(9, 12);
    };
    const statuses = [];
    while (statuses.filter((status) => status === '429').length < 3)
      statuses.push(await statusOf());
    const next = [await asking('127.0.0.6'), await asking('127.0.0.6')];
    assert.ok(await isServed(await asking('127.0.0.7')));

    clock.advance(1_000);

    const [first, second] = next;
    assert.ok(first && second && (await isServed(first)));
    assert.equal(second.bytesRead, 0);
    clock.advance(LONG_MS);
  });

  test('T-58: all sources together are let in at a steady pace, and take turns', async () => {
    open({
      connectionsPerSource: 8,
      connectionRate: { perMinute: 60, burst: 20, allPerSecond: 100 },
    });
    await listen();
    const crowd = [];
    for (let at = 0; at < 10; at += 1) crowd.push(await asking('127.0.1.1'));
    const lone = await asking('127.0.1.2');
    const served = crowd.map(isServed);
    await Promise.all(served.slice(0, 4));
    assert.ok(crowd.slice(4).every(({ bytesRead }) => bytesRead === 0));
    assert.equal(lone.bytesRead, 0);

    clock.advance(10);
    clock.advance(10);

    assert.ok(await isServed(lone));
    assert.equal(crowd.filter(({ bytesRead }) => bytesRead > 0).length, 5);
    clock.advance(LONG_MS);
  });

  const TIMES = { headersMs: 100, requestMs: 200, checkMs: 20 };

  test('headers that do not end, and bodies that do not come, end with the connection', async () => {
    open({ times: TIMES });
    const slowHeaders = await openSocket();
    slowHeaders.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const slowBody = await openSocket();
    slowBody.write(
      `POST ${HEARTBEAT} HTTP/1.1\r\nHost: a\r\nX-OpenStack-Ironic-API-Version: 1.68\r\nContent-Length: 100\r\n\r\n{`,
    );

    assert.match(await textUntilClosed(slowHeaders), /^HTTP\/1\.1 408 /);
    assert.match(await textUntilClosed(slowBody), /^HTTP\/1\.1 408 /);
    assert.equal(api.conductor.heartbeats.length, 0);
  });
});

describe('what our agent adds', () => {
  beforeEach(() => open());

  test('a proof goes on as it was sent, with the target that was signed', async () => {
    await lookup();
    await lookup({
      headers: {
        host: 'bessemer:6386',
        'x-bessemer-agent-cert': Buffer.from('PEM').toString('base64url'),
        'x-bessemer-agent-proof': 'signature',
        'x-bessemer-agent-date': '1795000000000',
        'x-bessemer-agent-seal-key': 'seal-key',
      },
    });
    await lookup({ headers: { 'x-bessemer-agent-proof': 'alone' } });

    const [stock, ours, partly] = api.conductor.lookups;
    assert.equal(stock?.proof, undefined);
    assert.deepEqual(ours?.proof, {
      certificatePem: 'PEM',
      signature: 'signature',
      dateMs: 1_795_000_000_000,
      sealKey: 'seal-key',
      host: 'bessemer:6386',
      target: LOOKUP,
    });
    assert.deepEqual([partly?.proof?.signature, partly?.proof?.certificatePem], ['alone', '']);
  });

  test('a signed heartbeat goes on with the bytes that were signed', async () => {
    await beat();
    await beat({ headers: { 'x-bessemer-signature': 'mac', 'x-bessemer-sequence': '7' } });

    const [stock, ours] = api.conductor.heartbeats;
    assert.equal(stock?.signed, undefined);
    assert.deepEqual(ours?.signed, {
      signature: 'mac',
      sequence: '7',
      method: 'POST',
      path: HEARTBEAT,
      body: JSON.stringify(BEAT),
    });
  });
});
