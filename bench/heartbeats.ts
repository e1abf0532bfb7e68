// Heartbeats over HTTPS: accepted ones, answered when they are on the disk, and refused ones, against a bare handler
// over the same TLS that commits the same update in batches. Rate limits are at work, and signatures where agents sign.

import { join } from 'node:path';

import { deriveSessionKey } from '../packages/service/src/trust/agent-token/derived-keys.ts';
import { Secret } from '../packages/service/src/trust/secret.ts';

import { openBenchStore } from './bench-store.ts';
import { VERSION } from './enrolment.ts';
import { startLimit } from './limit.ts';
import { type LoadRequest, type LoadResult, runLoad } from './load.ts';
import { type Bench, type BenchSize, medianOf, type Measurement } from './measurement.ts';
import { RAISED_RATE_LIMITS } from './rate-limits.ts';
import { seedBoundSessions } from './seed-sessions.ts';
import { makeDirectory, startServe } from './served.ts';
import { tokenOfAgent } from './simulated-agents.ts';

const AGENTS_MAX = 400;
const CLIENTS = 64;
const SHARE_MIN = 0.5;
const CALLBACK = 'https://127.0.0.1:9999';
const NOBODY = 'w'.repeat(43);
/** Never higher than what was seen. */
const STALE = '0';

type HeartbeatingAgent = {
  readonly uuid: string;
  readonly sessionId: string;
  readonly token: string;
  readonly isSigning: boolean;
};

/** As many that sign as stock ones, all bound. */
const seed = async (directory: string, count: number): Promise<readonly HeartbeatingAgent[]> => {
  const { store, keys } = await openBenchStore(directory);
  const tokenOf = (index: number): string => tokenOfAgent(`heartbeat ${index}`);
  const isSigning = (index: number): boolean => index % 2 === 1;
  const nodes = await seedBoundSessions(store, keys, {
    count,
    route: 'vmedia',
    isSigning,
    isAwaited: false,
    agentOf: (index) => ({
      token: tokenOf(index),
      callbackUrl: CALLBACK,
      address: '127.0.0.1',
      pin: '00'.repeat(32),
    }),
  });
  await store.close();
  return nodes.map(({ uuid, sessionId }, index) => ({
    uuid,
    sessionId,
    token: tokenOf(index),
    isSigning: isSigning(index),
  }));
};

const beat = (agent: HeartbeatingAgent, shown: { token?: string; sequence?: string }) => {
  const token = shown.token ?? agent.token;
  const key = deriveSessionKey(new Secret(agent.token), agent.sessionId, 'up');
  return {
    method: 'POST',
    path: `/v1/heartbeat/${agent.uuid}`,
    headers: VERSION,
    body: { callback_url: CALLBACK, agent_token: token, agent_version: '1.0' },
    ...(agent.isSigning
      ? {
          signing: {
            key: key.toString('base64url'),
            ...(shown.sequence === undefined ? {} : { sequence: shown.sequence }),
          },
        }
      : {}),
  };
};

type Kind = { readonly name: keyof Rates; readonly status: number; readonly port: number } & {
  readonly requests: readonly LoadRequest[];
};
type Rates = {
  readonly [name in 'stock' | 'signed' | 'wrong' | 'stale' | 'limit']: readonly number[];
};

const ROUNDS = 3;

/** In turns, so that a busy moment of the machine meets all alike. */
const measure = async (size: BenchSize, kinds: readonly Kind[]): Promise<Rates> => {
  const rates = { stock: [], signed: [], wrong: [], stale: [], limit: [] } as {
    [name in keyof Rates]: number[];
  };
  const rounds = size.isQuick ? 1 : ROUNDS;
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, status, port, requests } of kinds) {
      const seconds = round < 0 ? size.seconds / 4 : size.seconds / rounds;
      const load = { clients: CLIENTS, isTls: true, port, requests, seconds };
      const result: LoadResult = await runLoad(load, status);
      // The first round is for the compiler.
      if (round >= 0) rates[name].push(result.perSecond);
    }
  }
  return rates;
};

export const heartbeats: Bench = {
  name: 'heartbeats',
  run: async (size) => {
    const directory = makeDirectory();
    const agents = await seed(directory, Math.min(AGENTS_MAX, size.nodes));
    const served = await startServe({
      directory,
      settings: ['DEFAULT.log_level=error', ...RAISED_RATE_LIMITS],
    });
    const limit = await startLimit([
      join(directory, 'limit.sqlite'),
      join(directory, 'data', 'listeners'),
    ]);
    const body = { callback_url: CALLBACK, agent_token: NOBODY, agent_version: '1.0' };
    const bare = agents.map(({ uuid }) => ({ method: 'POST', path: `/heartbeat/${uuid}`, body }));
    const make = bare.map((request) => ({
      ...request,
      path: request.path.replace('heartbeat', 'make'),
    }));
    await runLoad(
      {
        port: limit.port,
        isTls: true,
        clients: 1,
        seconds: size.seconds * 10,
        countMax: make.length,
        requests: make,
      },
      201,
    );
    const stock = agents.filter(({ isSigning }) => !isSigning);
    const signing = agents.filter(({ isSigning }) => isSigning);
    const port = served.agentPort;
    const rates = await measure(size, [
      { name: 'limit', status: 202, port: limit.port, requests: bare },
      { name: 'stock', status: 202, port, requests: stock.map((agent) => beat(agent, {})) },
      { name: 'signed', status: 202, port, requests: signing.map((agent) => beat(agent, {})) },
      {
        name: 'wrong',
        status: 400,
        port,
        requests: stock.map((agent) => beat(agent, { token: NOBODY })),
      },
      {
        name: 'stale',
        status: 400,
        port,
        requests: signing.map((agent) => beat(agent, { sequence: STALE })),
      },
    ]);
    await limit.stop();
    await served.remove();
    return linesOf(rates);
  },
};

const linesOf = (rates: Rates): readonly Measurement[] => {
  const best = medianOf(rates.limit);
  const accepted = (what: string, measured: number): Measurement => ({
    what: `heartbeats accepted and durable, ${what}`,
    measured,
    unit: '/s',
    limit: { value: best, what: 'bare Fastify, same TLS, batched commits' },
    goal: `at least ${SHARE_MIN} of the limit`,
    isMet: measured >= best * SHARE_MIN,
  });
  const refused = (what: string, measured: number, of: number): Measurement => ({
    what: `heartbeats refused, ${what}`,
    measured,
    unit: '/s',
    limit: { value: of, what: 'accepted ones of such agents' },
    goal: 'at least as fast as accepted ones',
    isMet: measured >= of,
  });
  const [stock, signed] = [medianOf(rates.stock), medianOf(rates.signed)];
  return [
    accepted('stock agents', stock),
    accepted('signed', signed),
    refused('wrong token', medianOf(rates.wrong), stock),
    refused('sequence not rising', medianOf(rates.stale), signed),
  ];
};
