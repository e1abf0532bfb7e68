// The audit log on its way to receivers outside, on every engine: all of it, in order, whatever fails on the way.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { type AuditShipping, makeAuditShipping } from '#conductor/audit-shipping/ship-audit';
import { type Clock, systemClock } from '#clock';
import { listenerCertificate } from '#config/listener-certificate';
import {
  type Destination,
  notShipped,
  type ShippedRecord,
} from '#observe/audit-shipping/destination';
import { makeSyslogDestination } from '#observe/audit-shipping/syslog-destination';
import { makeWebhookDestination } from '#observe/audit-shipping/webhook-destination';
import { makeLog } from '#observe/log';
import { appendAudit } from '#store/audit';
import { claimShipment, listAuditShipments, noteShipped } from '#store/audit-shipments';
import { makeAuditChain } from '#trust/audit-chain';
import { openAuthority } from '#trust/certificate/authority';

import { makeHandClock } from './drivers/hand-clock.ts';
import { NOW_MS, onBothEngines } from './store-engines.ts';
import {
  receiveDatagrams,
  receiveStream,
  startRsyslog,
  type StreamReceiver,
} from './syslog-receiver.ts';

const CHAIN = makeAuditChain(Buffer.alloc(32, 3));
const SENDER = { hostname: 'control', processId: 1 };
const LONG_MS = 10_000_000;
const WAIT_MS_MAX = 20_000;

const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const untilMs = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    assert.ok(performance.now() < untilMs, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const recordOf = (seq: number, more: Partial<ShippedRecord> = {}): ShippedRecord => ({
  seq,
  at: '2026-11-21T18:00:00.000Z',
  event: 'agent.bound',
  severity: 'info',
  outcome: 'changed',
  node: 'node-1',
  session: null,
  boot: null,
  source: null,
  agentVersion: null,
  request: null,
  detail: { said: 'two\nlines "and" a ]' },
  hash: 'f00',
  ...more,
});
const numbersOf = (messages: readonly string[]): readonly number[] =>
  messages.map((message) => Number(/ seq="(\d+)"/.exec(message)?.[1]));

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-shipping-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const syslogTo = (
  receiver: Pick<StreamReceiver, 'port'>,
  protocol: 'tls' | 'tcp' | 'udp',
  authorityPem?: string,
): Destination =>
  makeSyslogDestination({ protocol, host: '127.0.0.1', port: receiver.port, authorityPem }, SENDER);

test('rsyslogd understands each message, and has it when shipping says so', async () => {
  const rsyslog = await startRsyslog(directory);
  try {
    await syslogTo(rsyslog, 'tcp').ship([recordOf(1), recordOf(2, { event: 'bmc.reveal' })]);

    await until('written', () => rsyslog.read().length === 2);
    const [first, second] = rsyslog.read();
    assert.deepEqual(first?.slice(0, 2), [
      'agent.bound',
      '[bessemer@32473 seq="1" node="node-1" hash="f00"]',
    ]);
    assert.deepEqual(JSON.parse(first?.[2] ?? ''), recordOf(1));
    assert.equal(second?.[0], 'bmc.reveal');
  } finally {
    await rsyslog.stop();
  }
});

test('who ends the connection before all was said has not got it', async (t) => {
  const server = createTcpServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // More than lies in the buffers of two systems.
  const long = recordOf(1, { detail: { said: 'x'.repeat(32_000_000) } });

  await assert.rejects(syslogTo({ port }, 'tcp').ship([long]), /ended the connection too early/);
});

test('over UDP each record is a datagram', async () => {
  const receiver = await receiveDatagrams();

  await syslogTo(receiver, 'udp').ship([recordOf(1), recordOf(2)]);

  await until('heard', () => receiver.messages.length === 2);
  await receiver.close();
  assert.deepEqual(numbersOf(receiver.messages), [1, 2]);
});

test('over TLS a receiver of the named authority gets the records, another one gets none', async () => {
  const authority = await openAuthority(join(directory, 'ca'), Date.now());
  const issued = await listenerCertificate(
    join(directory, 'listeners'),
    'api',
    ['127.0.0.1'],
    authority,
    systemClock,
  );
  const stranger = await openAuthority(join(directory, 'other-ca'), Date.now());
  const receiver = await receiveStream({ key: issued.key, cert: issued.certificate });
  try {
    await syslogTo(receiver, 'tls', authority.certificatePem).ship([recordOf(7)]);
    await assert.rejects(
      syslogTo(receiver, 'tls', stranger.certificatePem).ship([recordOf(8)]),
      /The syslog receiver does not take records: .*Nothing is lost/,
    );

    assert.deepEqual(numbersOf(receiver.messages), [7]);
  } finally {
    await receiver.close();
  }
});

type Webhook = {
  readonly url: string;
  readonly asked: { readonly authorization: string | undefined; readonly body: unknown }[];
  readonly server: Server;
};

const openWebhook = async (statuses: readonly number[]): Promise<Webhook> => {
  const asked: Webhook['asked'] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const { authorization } = request.headers;
      asked.push({ authorization, body: JSON.parse(text) });
      const status = statuses[asked.length - 1] ?? 204;
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/records`, asked, server };
};

test('a webhook gets a batch with its token, and only 2xx counts', async () => {
  const hook = await openWebhook([202, 302, 500]);
  const readToken = async () => 'the-token';
  const destination = makeWebhookDestination(
    { url: hook.url, authorityPem: undefined, readToken },
    'control',
  );

  await destination.ship([recordOf(1), recordOf(2)]);
  await assert.rejects(destination.ship([recordOf(3)]), /The webhook receiver answered 302/);
  await assert.rejects(destination.ship([recordOf(3)]), /The webhook receiver answered 500/);
  await destination.close();
  hook.server.close();

  assert.equal(hook.asked.length, 3);
  assert.deepEqual(hook.asked[0], {
    authorization: 'Bearer the-token',
    body: { conductor: 'control', records: [recordOf(1), recordOf(2)] },
  });
});

onBothEngines((open) => {
  let shipping: AuditShipping | undefined;
  beforeEach(async () => {
    for (const table of ['audit', 'audit_head', 'audit_shipment'] as const) {
      await open().db.deleteFrom(table).execute();
    }
  });
  afterEach(async () => {
    await shipping?.stop();
    shipping = undefined;
  });

  const fill = async (count: number): Promise<void> => {
    for (let at = 1; at <= count; at += 1) {
      const row = {
        atMs: NOW_MS,
        event: 'agent.bound',
        severity: 'info',
        nodeUuid: 'node-1',
        sessionId: null,
        bootNumber: null,
        source: null,
        agentVersion: null,
        requestId: null,
        outcome: 'changed',
        detail: '{}',
      };
      await open().transaction((transaction) => appendAudit(transaction, row, CHAIN));
    }
  };

  const log = makeLog({ level: 'silent' });
  const start = <Kind extends Clock>(destination: Destination, clock: Kind): Kind => {
    const parts = { store: open(), clock, log, destinations: [destination], intervalMs: 1_000 };
    shipping = makeAuditShipping(parts);
    shipping.start();
    return clock;
  };
  const shipmentIs = async (seq: number): Promise<boolean> =>
    (await listAuditShipments(open().db))[0]?.shippedSeq === seq;

  test('a log of several batches is shipped whole and in order, and then what comes later', async () => {
    await fill(250);
    const receiver = await receiveStream();
    const clock = start(syslogTo(receiver, 'tcp'), makeHandClock());

    clock.advance(1_000);
    await until('shipped', () => shipmentIs(250));
    await fill(1);
    await until('looked again', async () => {
      clock.advance(1_000);
      return shipmentIs(251);
    });

    await receiver.close();
    assert.deepEqual(
      numbersOf(receiver.messages),
      Array.from({ length: 251 }, (_, index) => index + 1),
    );
  });

  test('a receiver that is away is told of, and gets all of it when it is back', async () => {
    await fill(3);
    const got: number[] = [];
    let isAway = true;
    const destination: Destination = {
      name: 'webhook',
      ship: async (records) => {
        if (isAway) throw notShipped('webhook', 'answered 503');
        got.push(...records.map(({ seq }) => seq));
      },
      close: async () => {},
    };
    const clock = start(destination, makeHandClock());

    clock.advance(1_000);
    const failing = async () => (await listAuditShipments(open().db))[0];
    await until('noted', async () => (await failing())?.failure !== null);
    const since = (await failing())?.failingSinceMs;
    isAway = false;
    await until('shipped', async () => {
      clock.advance(1_000);
      return shipmentIs(3);
    });

    assert.ok(since !== null && since !== undefined);
    assert.deepEqual(await failing(), {
      destination: 'webhook',
      shippedSeq: 3,
      failingSinceMs: null,
      failure: null,
    });
    assert.deepEqual(got, [1, 2, 3]);
  });

  test('of two processes one ships; when it is gone the other goes on where it was', async () => {
    const { db } = open();
    const claim = (owner: string, nowMs: number) =>
      claimShipment(db, { destination: 'syslog', owner, nowMs, untilMs: nowMs + 1_000 });

    assert.equal(await claim('one', NOW_MS), 0);
    assert.equal(await claim('two', NOW_MS), undefined);
    assert.equal(await noteShipped(db, { destination: 'syslog', owner: 'one' }, 5), true);
    assert.equal(await claim('two', NOW_MS + LONG_MS), 5);

    assert.equal(await noteShipped(db, { destination: 'syslog', owner: 'one' }, 9), false);
    assert.equal(await claim('two', NOW_MS + LONG_MS), 5);
  });

  test('who stops waits for no receiver that hangs', { timeout: 15_000 }, async () => {
    await fill(1);
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    const hook = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(hook, 'listening')]);
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    const webhook = { url, authorityPem: undefined, readToken: undefined };
    const destinations = [
      syslogTo({ port: (server.address() as AddressInfo).port }, 'tcp'),
      makeWebhookDestination(webhook, 'control'),
    ];
    const clock = makeHandClock();
    const stopped = makeAuditShipping({
      store: open(),
      clock,
      log,
      destinations,
      intervalMs: 1_000,
    });
    stopped.start();
    const asked = Promise.all([once(server, 'connection'), once(hook, 'request')]);
    clock.advance(1_000);
    await asked;

    await stopped.stop();

    const failures = (await listAuditShipments(open().db)).map(({ failure }) => failure);
    assert.deepEqual(failures, [null, null]);
    for (const socket of sockets) socket.destroy();
    server.close();
    hook.close();
  });

  test('who stops lets the next one ship at once', async () => {
    await fill(1);
    const receiver = await receiveStream();
    start(syslogTo(receiver, 'tcp'), systemClock);
    await until('shipped', () => shipmentIs(1));

    await shipping?.stop();

    const { db } = open();
    const nowMs = systemClock.wallMs();
    const claim = { destination: 'syslog', owner: 'next', nowMs, untilMs: nowMs + 1_000 };
    assert.equal(await claimShipment(db, claim), 1);
    await receiver.close();
  });
});
