// The load generator, a process of its own: N clients that each send a request, wait for the whole answer, and send
// the next. Plain sockets, since an HTTP client library would be slower than what is measured.
//   echo '{"port":..., "isTls":..., "clients":..., "seconds":..., "requests":[...]}' | node load-process.ts

import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';

import { SEQUENCE_HEADER, SIGNATURE_HEADER, signedText } from '@bessemer/protocol/agent/trust';

import type { Load, LoadRequest, LoadResult } from './load.ts';

const STATUS = /^HTTP\/1\.1 (\d{3})/;
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const HEAD_END = '\r\n\r\n';

type Prepared = (sequence: number) => Buffer;

const prepare = (load: Load, request: LoadRequest): Prepared => {
  const { method, path, headers, body, signing } = request;
  const text = body === undefined ? '' : JSON.stringify(body);
  const all: { [name: string]: string } = {
    host: `127.0.0.1:${load.port}`,
    ...headers,
    ...(body === undefined
      ? {}
      : {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join('')}`;
  const plain = Buffer.from(`${head}\r\n${text}`);
  if (signing === undefined) return () => plain;
  // A key object: as bytes it would cost this process several times the digest.
  const key = createSecretKey(signing.key, 'base64url');
  const bodyDigest = createHash('sha256').update(text).digest('hex');
  return (number) => {
    const sequence = signing.sequence ?? String(number);
    const signature = createHmac('sha256', key)
      .update(signedText({ method, path, bodyDigest, sequence }))
      .digest('base64url');
    const signed = `${SIGNATURE_HEADER}: ${signature}\r\n${SEQUENCE_HEADER}: ${sequence}\r\n`;
    return Buffer.from(`${head}${signed}\r\n${text}`);
  };
};

const openSocket = (load: Load): Socket =>
  load.isTls
    ? connectTls({ host: '127.0.0.1', port: load.port, rejectUnauthorized: false })
    : connect({ host: '127.0.0.1', port: load.port });

type Answer = { readonly status: number; readonly body: string };

/** Resolves once the whole answer is there. */
const exchange = (socket: Socket, request: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    let head = '';
    let body = '';
    let missing = -1;
    let status = 0;
    const done = (error?: Error): void => {
      socket.off('data', onData);
      socket.off('error', done);
      socket.off('close', onClose);
      if (error === undefined) resolve({ status, body });
      else reject(error);
    };
    const onClose = (): void => done(new Error('the connection was closed'));
    const onData = (bytes: Buffer): void => {
      if (missing >= 0) {
        missing -= bytes.length;
        body += bytes.toString('latin1');
      } else {
        head += bytes.toString('latin1');
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        status = Number(STATUS.exec(head)?.[1]);
        const length = LENGTH.exec(head.slice(0, end))?.[1];
        if (length === undefined && status !== 204) {
          done(new Error(`no content-length: ${head.slice(0, 200)}`));
          return;
        }
        body = head.slice(end + HEAD_END.length);
        missing = Number(length ?? 0) - body.length;
      }
      if (missing <= 0) done();
    };
    socket.on('data', onData);
    socket.on('error', done);
    socket.on('close', onClose);
    socket.write(request);
  });

const load = JSON.parse(await readText(process.stdin)) as Load;
const requests = load.requests.map((request) => prepare(load, request));
const isSigned = load.requests.some(({ signing }) => signing !== undefined);
// The numbers of one agent must rise: none of its heartbeats may overtake another.
const clients = isSigned ? Math.min(load.clients, requests.length) : load.clients;
const sequenceBase = Date.now() * 1_000;
const statuses: { [status: number]: number } = {};
const startedMs = performance.now();
const untilMs = startedMs + load.seconds * 1_000;
let next = 0;
let sent = 0;
let matches = 0;
const times: number[] = [];
const client = async (_: unknown, own: number): Promise<void> => {
  const socket = openSocket(load);
  let ownNext = own;
  while (performance.now() < untilMs && sent < load.countMax) {
    const prepared = requests[(isSigned ? ownNext : next) % requests.length] as Prepared;
    ownNext = ownNext + clients < requests.length ? ownNext + clients : own;
    next += 1;
    sent += 1;
    const askedMs = performance.now();
    const { status, body } = await exchange(socket, prepared(sequenceBase + sent));
    times.push(performance.now() - askedMs);
    if (load.text !== undefined && body.includes(load.text)) matches += 1;
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  socket.destroy();
};
await Promise.all(Array.from({ length: clients }, client));
const seconds = (performance.now() - startedMs) / 1_000;
const count = Object.values(statuses).reduce((sum, each) => sum + each, 0);
times.sort((one, other) => one - other);
const slowerThan = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
const result: LoadResult = {
  perSecond: count / seconds,
  count,
  seconds,
  statuses,
  matches,
  p50Ms: slowerThan(0.5),
  p99Ms: slowerThan(0.99),
};
process.stdout.write(JSON.stringify(result));
