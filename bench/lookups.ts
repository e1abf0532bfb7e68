// Lookups through the agent listener: first ones, each by a node of its own and answered when the token is on the
// disk, repeated ones, and refused ones.

import { join } from 'node:path';

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';

import { openBenchStore } from './bench-store.ts';
import { VERSION } from './enrolment.ts';
import { startLimit } from './limit.ts';
import { type LoadRequest, type LoadResult, runLoad } from './load.ts';
import type { Bench, Measurement } from './measurement.ts';
import { RAISED_RATE_LIMITS } from './rate-limits.ts';
import { macOf, type SeededNode, seedOpenSessions, seedSealedSessions } from './seed-sessions.ts';
import { makeDirectory, startServe } from './served.ts';

const CLIENTS = 64;
const GRANTS_PER_SECOND_MIN = 2_000;
/** What `GRANTS_PER_SECOND_MIN` comes to: a busy machine slows down the rate, and not this. */
const GRANT_CPU_MS_MAX = 1_000_000 / GRANTS_PER_SECOND_MIN;
const FOREVER_SECONDS = 600;
const MASKED_NODES = 100;
/** No node has it. */
const STRANGER = 0xff_ff_ff;

const MASK_TEXT = `"agent_token":"${TOKEN_MASK}"`;

const lookupOf = (mac: string): LoadRequest => ({
  method: 'GET',
  path: `/v1/lookup?addresses=${encodeURIComponent(mac)}`,
  headers: VERSION,
});

const seed = async (
  directory: string,
  count: number,
): Promise<{ readonly open: readonly SeededNode[]; readonly sealed: readonly SeededNode[] }> => {
  const { store, keys } = await openBenchStore(directory);
  const open = await seedOpenSessions(store, count);
  const sealed = await seedSealedSessions(store, keys, Math.min(MASKED_NODES, count));
  await store.close();
  return { open, sealed };
};

type Load = Parameters<typeof runLoad>[0];

/** Each of `requests` once. */
const once = (load: Load, requests: readonly LoadRequest[]): Load => ({
  ...load,
  requests,
  seconds: FOREVER_SECONDS,
  countMax: requests.length,
});

/** Token made and stored, as little as that can be. */
const measureLimit = async (
  directory: string,
  load: Load,
  ids: readonly string[],
): Promise<LoadResult> => {
  const limit = await startLimit([
    join(directory, 'limit.sqlite'),
    join(directory, 'data', 'listeners'),
  ]);
  const bare = { ...load, port: limit.port };
  const make = ids.map((id) => ({ method: 'POST', path: `/make/${id}`, body: {} }));
  const ask = ids.map((id) => ({ method: 'GET', path: `/lookup/${id}` }));
  await runLoad(once(bare, make), 201);
  const best = await runLoad(once(bare, ask), 200);
  await limit.stop();
  return best;
};

export const lookups: Bench = {
  name: 'lookups',
  run: async (size) => {
    const directory = makeDirectory();
    const { open, sealed } = await seed(directory, size.sessions);
    const served = await startServe({
      directory,
      settings: ['DEFAULT.log_level=error', ...RAISED_RATE_LIMITS],
    });
    const load: Load = {
      port: served.agentPort,
      clients: CLIENTS,
      isTls: true,
      seconds: size.seconds,
      requests: [],
      text: MASK_TEXT,
    };
    const masks = { ...load, requests: sealed.map(({ address }) => lookupOf(address)) };
    const strangers = { ...load, requests: [lookupOf(macOf(STRANGER))] };
    await runLoad({ ...masks, seconds: size.seconds / 2 }, 200);
    const masked = await runLoad(masks, 200);
    const firsts = open.map(({ address }) => lookupOf(address));
    const usedMs = served.cpuMs();
    const granted = await runLoad(once(load, firsts), 200);
    const grantCpuMs = ((served.cpuMs() - usedMs) * 1_000) / granted.count;
    if (granted.matches > 0) throw new Error(`${granted.matches} first lookups got the mask`);
    if (masked.matches < masked.count) throw new Error('a token was given twice');
    const denied = await runLoad(strangers, 404);
    await served.end();
    const best = await measureLimit(
      directory,
      load,
      open.map(({ uuid }) => uuid),
    );
    await served.remove();
    return linesOf({ granted, masked, denied, best }, grantCpuMs);
  },
};

const linesOf = (
  {
    granted,
    masked,
    denied,
    best,
  }: { readonly [name in 'granted' | 'masked' | 'denied' | 'best']: LoadResult },
  grantCpuMs: number,
): readonly Measurement[] => {
  const limit = { value: best.perSecond, what: 'bare Fastify, same TLS, token stored' };
  return [
    {
      what: `first lookups (token given), ${granted.count} nodes`,
      measured: granted.perSecond,
      unit: '/s',
      limit,
      goal: `at least ${GRANTS_PER_SECOND_MIN}/s`,
      isMet: granted.perSecond >= GRANTS_PER_SECOND_MIN,
    },
    {
      what: 'processor for 1,000 first lookups',
      measured: grantCpuMs,
      unit: 'ms',
      limit: null,
      goal: `at most ${GRANT_CPU_MS_MAX} ms: so much has one core`,
      isMet: grantCpuMs <= GRANT_CPU_MS_MAX,
    },
    {
      what: 'lookups of pre-generated tokens (masked)',
      measured: masked.perSecond,
      unit: '/s',
      limit,
      goal: `at least ${GRANTS_PER_SECOND_MIN}/s`,
      isMet: masked.perSecond >= GRANTS_PER_SECOND_MIN,
    },
    {
      what: 'lookups refused (nobody has the MAC)',
      measured: denied.perSecond,
      unit: '/s',
      limit: { value: granted.perSecond, what: 'first lookups' },
      goal: 'at least as fast as first lookups',
      isMet: denied.perSecond >= granted.perSecond,
    },
  ];
};
