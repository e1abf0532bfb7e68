// One HTTP/1.1 answer as a stream, read into buffers that are used again and again. The client of Node.js makes a
// new buffer for every 64 KiB: of an image of gigabytes that is memory that grows far over what is in use, and a
// third of the time. So images (and only images) are fetched by these few lines instead; they speak plain GET,
// one request per connection, over TCP or TLS.

import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect, rootCertificates } from 'node:tls';
import { makeChunkedBody } from './chunked-body.ts';
import { makeSpool, type Spool } from './spool.ts';
import { TransferBroken } from './transfer-broken.ts';

export type TransferOptions = {
  readonly headers: { readonly [name: string]: string };
  readonly authorityPem: string | null;
  /** No byte for so long means broken; waiting for our own disk does not count. */
  readonly silenceMsMax: number;
};

export type Transfer = AsyncIterable<Buffer> & {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly destroy: () => void;
};

const READ_BYTES = 256 * 1024;
const HEAD_BYTES_MAX = 32 * 1024;
const HEAD_END = '\r\n\r\n';

export const openTransfer = async (url: URL, options: TransferOptions): Promise<Transfer> => {
  const spool = makeSpool();
  const socket = openSocket(url, options, spool);
  socket.setTimeout(options.silenceMsMax, () => {
    if (!spool.isPaused()) {
      spool.end(new TransferBroken(`silence for ${options.silenceMsMax / 1000} s`));
      socket.destroy();
    }
  });
  socket.once('error', (error) => spool.end(new TransferBroken(error.message)));
  socket.once('end', () => spool.end(null));
  socket.once('close', () => spool.end(null));
  spool.onDrained(() => socket.resume());
  // Without it the end of the answer is never told.
  socket.resume();
  socket.write(requestText(url, options.headers));
  try {
    const { head, rest } = await readHead(spool);
    return answerOf(head, rest, spool, () => socket.destroy());
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

const openSocket = (url: URL, { authorityPem }: TransferOptions, spool: Spool): Socket => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (count: number, buffer: Uint8Array): boolean => spool.push(buffer, count),
  };
  if (!isTls) return connect({ host, port, onread });
  // The types of Node.js do not know that TLS sockets take `onread`, too.
  const options: ConnectionOptions & { readonly onread: typeof onread } = {
    host,
    port,
    onread,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(authorityPem === null ? {} : { ca: [...rootCertificates, authorityPem] }),
  };
  return tlsConnect(options);
};

const requestText = (url: URL, headers: TransferOptions['headers']): string => {
  const lines = Object.entries({ Host: url.host, Connection: 'close', ...headers }).map(
    // Values come from configuration and commands: a line end inside one would be another header.
    ([name, value]) => `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}`,
  );
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('\r\n')}${HEAD_END}`;
};

const readHead = async (spool: Spool): Promise<{ head: string; rest: Buffer }> => {
  let got = Buffer.alloc(0);
  for (;;) {
    const chunk = await spool.next();
    if (chunk === null) throw new TransferBroken('the server closed without an answer');
    got = Buffer.concat([got, chunk]);
    const at = got.indexOf(HEAD_END);
    if (at !== -1) {
      const head = got.toString('latin1', 0, at);
      const rest = got.subarray(at + HEAD_END.length);
      if (!/^HTTP\/1\.[01] 1\d\d /.test(head)) return { head, rest };
      got = Buffer.from(rest);
    } else if (got.length > HEAD_BYTES_MAX) {
      throw new TransferBroken('the head of the answer is too long');
    }
  }
};

const answerOf = (head: string, rest: Buffer, spool: Spool, destroy: () => void): Transfer => {
  const [first = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? 0);
  if (status === 0) throw new TransferBroken('the answer is not HTTP');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const isChunked = /\bchunked$/i.test(headers.get('transfer-encoding') ?? '');
  const bytes = untilEnd(rest, spool, destroy);
  const body = isChunked ? makeChunkedBody(bytes) : ofLength(bytes, headers.get('content-length'));
  return { status, headers, destroy, [Symbol.asyncIterator]: () => body[Symbol.asyncIterator]() };
};

const untilEnd = async function* (
  rest: Buffer,
  spool: Spool,
  destroy: () => void,
): AsyncGenerator<Buffer> {
  try {
    if (rest.length > 0) yield rest;
    for (let chunk = await spool.next(); chunk !== null; chunk = await spool.next()) yield chunk;
  } finally {
    destroy();
  }
};

/** Ends at the announced length; who reads counts what is missing. */
const ofLength = async function* (
  chunks: AsyncIterable<Buffer>,
  length: string | undefined,
): AsyncGenerator<Buffer> {
  let left = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
  if (left === 0) return;
  for await (const chunk of chunks) {
    yield chunk.length <= left ? chunk : chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
};
