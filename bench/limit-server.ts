// The least program that could do the work: a bare Fastify handler on the same runtime, with the same SQLite settings
// and updates committed in batches. What is measured against it is what the product adds.
//   node limit-server.ts DATABASE [TLS_DIRECTORY]   prints its port

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import Fastify from 'fastify';

const [, , path = ':memory:', tlsDirectory] = process.argv;
const database = new DatabaseSync(path);
database.exec('pragma journal_mode = wal; pragma synchronous = full');
database.exec(
  'create table if not exists seen (id text primary key, last_seen_ms integer, token text)',
);
const insert = database.prepare('insert or ignore into seen values (?, 0, null)');
const update = database.prepare('update seen set last_seen_ms = ?, token = ? where id = ?');

let waiting: { readonly id: string; readonly token: string; readonly resolve: () => void }[] = [];
const flush = (): void => {
  const batch = waiting;
  waiting = [];
  database.exec('begin immediate');
  for (const { id, token } of batch) update.run(Date.now(), token, id);
  database.exec('commit');
  for (const { resolve } of batch) resolve();
};
const commit = (id: string, token = ''): Promise<void> =>
  new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({ id, token, resolve });
  });

// The product keeps key and certificate in one file.
const pem = tlsDirectory === undefined ? undefined : readFileSync(join(tlsDirectory, 'agent.pem'));
const app = Fastify({ https: pem === undefined ? null : { cert: pem, key: pem } });
app.get('/v1/nodes', async () => ({ nodes: [] }));
app.post<{ Params: { id: string } }>('/heartbeat/:id', async (request, reply) => {
  await commit(request.params.id);
  return reply.code(202).send();
});
// A token is made and stored before it is given away.
app.get<{ Params: { id: string } }>('/lookup/:id', async (request, reply) => {
  const token = randomBytes(32).toString('base64url');
  await commit(request.params.id, createHash('sha256').update(token).digest('hex'));
  return reply.send({ config: { agent_token: token } });
});
app.post<{ Params: { id: string } }>('/make/:id', async (request, reply) => {
  insert.run(request.params.id);
  return reply.code(201).send();
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
process.on('SIGTERM', () => process.exit(0));
