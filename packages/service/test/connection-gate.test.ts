// Sockets at the gate of a listener: what waits there costs nothing but itself, and is served like everybody else.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';

import { gateConnections } from '#api/ramdisk/connection-gate';
import { systemClock } from '#clock';
import { listenerCertificate } from '#config/listener-certificate';
import { openAuthority } from '#trust/certificate/authority';

import { makeHandClock } from './drivers/hand-clock.ts';

const PER_SOURCE = 1;
const SOME_MS = 100;

/** A server with room for one connection of a source, and its gate. */
const openGate = async (t: TestContext, server: Server) => {
  const clock = makeHandClock();
  const gate = gateConnections(server, {
    perSource: PER_SOURCE,
    clock,
    isExempt: () => false,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: Socket[] = [];
  t.after(() => {
    gate.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  /** Both ends. */
  const open = async (from: string): Promise<readonly [Socket, Socket]> => {
    const seen = once(server, 'connection');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    socket.on('error', () => undefined);
    sockets.push(socket);
    return [socket, ((await seen) as [Socket])[0]];
  };
  return { clock, gate, open };
};

test('of who waits nothing is read, however much is sent', async (t) => {
  const { open } = await openGate(
    t,
    createServer((socket) => socket.end('served')),
  );
  await open('127.0.0.2');
  const [sender, waiting] = await open('127.0.0.2');
  sender.write(Buffer.alloc(1_000_000));

  // What is behind it is served by then.
  const [other] = await open('127.0.0.3');
  assert.equal(String((await once(other, 'data'))[0]), 'served');

  assert.deepEqual([waiting.bytesRead, waiting.readableLength], [0, 0]);
});

test('who waited is served over TLS, and so is who did not', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-gate-'));
  t.after(() => rm(directory, { recursive: true }));
  const authority = await openAuthority(join(directory, 'ca'), Date.now());
  const hosts = ['127.0.0.1'];
  const issued = await listenerCertificate(directory, 'agent', hosts, authority, systemClock);
  const { key, certificate: cert } = issued;
  const server = createHttpsServer({ key, cert }, (_request, response) => {
    response.end('served');
  });
  const { clock, open } = await openGate(t, server);
  const ask = async (raw: Socket): Promise<string> => {
    const socket = connectTls({ socket: raw, ca: authority.certificatePem, host: '127.0.0.1' });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  };
  const [first] = await open('127.0.0.2');
  const [second] = await open('127.0.0.2');
  const answer = ask(second);
  const [other] = await open('127.0.0.3');
  assert.match(await ask(other), /served/);
  assert.equal(second.bytesRead, 0);

  first.destroy();
  while (second.bytesRead === 0 && !second.destroyed) {
    clock.advance(SOME_MS);
    await new Promise(setImmediate);
  }

  assert.match(await answer, /served/);
});

test('who comes while the listener ends is closed', async (t) => {
  const { gate, open } = await openGate(t, createServer());
  await open('127.0.0.2');
  gate.close();

  const [late] = await open('127.0.0.2');
  late.resume();
  await once(late, 'close');

  assert.equal(late.bytesRead, 0);
});
