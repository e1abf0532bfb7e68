// The simulated agents: TLS, the two GETs of an agent with nothing to do, and the token check. Answers are fixed
// buffers and requests are not parsed further than needed: what is measured is who asks.

import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';

import { type AgentChange, type AgentsWish, tokenOfAgent } from './simulated-agents.ts';

const HEAD_END = '\r\n\r\n';
const REQUEST_BYTES_MAX = 8_192;

const answerOf = (status: string, body: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 ${status}\r\nserver: ironic-python-agent\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}${HEAD_END}${body}`,
  );

const startedAtMs = Date.now();
const statusOf = (startedMs: number): Buffer =>
  answerOf('200 OK', JSON.stringify({ started_at: startedMs / 1_000, version: 'bench' }));
const STATUS = statusOf(startedAtMs);
const NEW_STATUS = statusOf(startedAtMs + 3_600_000);
const COMMANDS = answerOf('200 OK', '{"commands":[]}');
const UNAUTHORIZED = answerOf(
  '401 Unauthorized',
  '{"faultcode":"Client","faultstring":"Token required.","details":""}',
);
const NOT_FOUND = answerOf('404 Not Found', '{}');

const dead = new Set<string>();
const restarted = new Set<string>();
const count = { connections: 0, answers: 0 };

const answer = (socket: TLSSocket, head: string): Buffer => {
  const address = socket.localAddress ?? '';
  const isNew = restarted.has(address);
  if (head.startsWith('GET /v1/status ')) return isNew ? NEW_STATUS : STATUS;
  const [, token] = /^GET \/v1\/commands\/\?agent_token=([\w-]+) /.exec(head) ?? [];
  if (token === undefined) return NOT_FOUND;
  return token === tokenOfAgent(address) && !isNew ? COMMANDS : UNAUTHORIZED;
};

const serve = (socket: TLSSocket): void => {
  count.connections += 1;
  let head = '';
  socket.on('data', (bytes: Buffer) => {
    head += bytes.toString('latin1');
    if (head.length > REQUEST_BYTES_MAX) socket.destroy();
    if (!head.endsWith(HEAD_END)) return;
    count.answers += 1;
    const isLast = /\r\nconnection: close\r\n/i.test(head);
    const bytesOut = answer(socket, head);
    head = '';
    if (isLast) socket.end(bytesOut);
    else socket.write(bytesOut);
  });
  // A client that hangs up has what it came for.
  socket.on('error', () => socket.destroy());
};

const listen = async (wish: AgentsWish, index: number): Promise<number> => {
  const { certificatePem, keyPem } = wish.identities[index] ?? {};
  const server = createServer(
    {
      cert: certificatePem,
      key: keyPem,
      requestCert: wish.asksForCertificate === true,
      rejectUnauthorized: false,
    },
    serve,
  );
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    if (dead.has(socket.localAddress ?? '')) socket.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen({ port: 0, host: '0.0.0.0', backlog: 4_096 }, resolve);
  });
  return (server.address() as AddressInfo).port;
};

process.once('message', (wish: AgentsWish) => {
  void Promise.all(wish.identities.map((_, index) => listen(wish, index))).then((ports) => {
    process.send?.({ ports, startedAtMs });
    process.on('message', ({ change }: { readonly change?: AgentChange }) => {
      if (change !== undefined) (change.to === 'dead' ? dead : restarted).add(change.address);
      process.send?.({ ...count });
      count.connections = 0;
      count.answers = 0;
    });
  });
});
process.on('disconnect', () => process.exit(0));
