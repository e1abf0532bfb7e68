// Heartbeats over HTTPS: accepted ones, answered when they are on the disk, and refused ones, against a bare handler
// over the same TLS that commits the same update in batches.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { enrol, VERSION } from './enrolment.ts';
import { startLimit } from './limit.ts';
import { runLoad } from './load.ts';
import type { Bench } from './measurement.ts';
import { NO_RATE_LIMITS } from './rate-limits.ts';
import { type Served, startServe } from './served.ts';

const AGENTS = 100;
const CLIENTS = 64;
const SHARE_MIN = 0.5;
const CALLBACK = 'https://127.0.0.1:9999';

/** Gives each node an agent that has called before, as the store keeps it; the service is not running. */
const giveAgents = (served: Served, uuids: readonly string[]): readonly string[] => {
  const database = new DatabaseSync(served.storePath);
  const insert = database.prepare(
    `insert into agent_session (id, node_uuid, boot_no, route, cause, state, window_opened_ms, window_closes_ms,
       token_hash, callback_url, address, agent_version, masked_lookups, trust_level, seq_high)
     values (?, ?, 1, 'vmedia', 'deploy', 'BOUND', ?, ?, ?, ?, '127.0.0.1', '1.0', 0, 0, 0)`,
  );
  const state = database.prepare(
    "update node set provision_state = 'wait call-back' where uuid = ?",
  );
  const nowMs = Date.now();
  const tokens = uuids.map((uuid) => {
    const token = randomBytes(32).toString('base64url');
    const hash = createHash('sha256').update(token).digest('hex');
    insert.run(randomUUID(), uuid, nowMs, nowMs + 3_600_000, hash, CALLBACK);
    state.run(uuid);
    return token;
  });
  database.close();
  return tokens;
};

const beats = (uuids: readonly string[], tokenOf: (index: number) => string) =>
  uuids.map((uuid, index) => ({
    method: 'POST',
    path: `/v1/heartbeat/${uuid}`,
    headers: VERSION,
    body: { callback_url: CALLBACK, agent_token: tokenOf(index), agent_version: '1.0' },
  }));

export const heartbeats: Bench = {
  name: 'heartbeats',
  run: async (size) => {
    const first = await startServe({ settings: ['DEFAULT.log_level=error'] });
    const { uuids } = await enrol(first, Math.min(AGENTS, size.nodes));
    await first.end();
    const tokens = giveAgents(first, uuids);
    const served = await startServe({
      directory: first.directory,
      settings: ['DEFAULT.log_level=error', ...NO_RATE_LIMITS],
    });
    const load = { clients: CLIENTS, isTls: true, seconds: size.seconds };
    const right = {
      ...load,
      port: served.agentPort,
      requests: beats(uuids, (index) => tokens[index] ?? ''),
    };
    const wrong = { ...load, port: served.agentPort, requests: beats(uuids, () => 'w'.repeat(43)) };
    await runLoad({ ...right, seconds: size.seconds / 2 }, 202);
    const accepted = await runLoad(right, 202);
    await runLoad({ ...wrong, seconds: size.seconds / 2 }, 400);
    const refused = await runLoad(wrong, 400);
    await served.end();

    const limit = await startLimit([
      join(first.directory, 'limit.sqlite'),
      join(first.directory, 'data', 'listeners'),
    ]);
    const bare = uuids.map((uuid) => ({
      method: 'POST',
      path: `/heartbeat/${uuid}`,
      body: { callback_url: CALLBACK, agent_token: 'w'.repeat(43), agent_version: '1.0' },
    }));
    const make = bare.map(({ body }, index) => ({
      method: 'POST',
      path: `/make/${uuids[index]}`,
      body,
    }));
    const bareLoad = { ...load, port: limit.port };
    await runLoad({ ...bareLoad, requests: make, countMax: make.length }, 201);
    await runLoad({ ...bareLoad, requests: bare, seconds: size.seconds / 2 }, 202);
    const best = await runLoad({ ...bareLoad, requests: bare }, 202);
    await limit.stop();
    await served.remove();
    const limitOf = { value: best.perSecond, what: 'bare Fastify, same TLS, batched commits' };
    return [
      {
        what: `heartbeats accepted and durable, ${CLIENTS} clients`,
        measured: accepted.perSecond,
        unit: '/s',
        limit: limitOf,
        goal: `at least ${SHARE_MIN} of the limit`,
        isMet: accepted.perSecond >= best.perSecond * SHARE_MIN,
      },
      {
        what: 'heartbeats refused (wrong token)',
        measured: refused.perSecond,
        unit: '/s',
        limit: { value: accepted.perSecond, what: 'accepted ones' },
        goal: 'at least as fast as accepted ones',
        isMet: refused.perSecond >= accepted.perSecond,
      },
    ];
  },
};
