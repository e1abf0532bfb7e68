// How long it takes until somebody is told that an agent is dead or has restarted: polled ones, by the service's
// poller, and ones that heartbeat, by its heartbeats and by what a step that waits makes of silence. The clock of all
// of them runs faster than the world; the agents are real TLS servers that go away.

import { rmSync } from 'node:fs';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '../packages/service/src/clock.ts';
import { makeHeartbeats } from '../packages/service/src/conductor/agent-session/heartbeat.ts';
import { forgiveBriefSilence } from '../packages/service/src/conductor/agent-session/silence.ts';
import {
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '../packages/service/src/conductor/conductor-parts.ts';
import {
  makePollSink,
  makePollSource,
} from '../packages/service/src/conductor/poll/polled-nodes.ts';
import { makePoller } from '../packages/service/src/conductor/poll/poller.ts';
import type { Job } from '../packages/service/src/conductor/workflow/step.ts';
import { makeLog } from '../packages/service/src/observe/log.ts';

import { type AgentIdentity, makeSelfSignedAgent } from './agent-certificates.ts';
import { openBenchStore } from './bench-store.ts';
import type { Bench, BenchSize, Measurement } from './measurement.ts';
import { makeScaledClock, pause } from './scaled-clock.ts';
import { seedBoundSessions, type SeededNode } from './seed-sessions.ts';
import { makeDirectory } from './served.ts';
import { addressOfAgent, type Agents, startAgents, tokenOfAgent } from './simulated-agents.ts';

/** Of polls, and what agents are told for their heartbeats. */
const INTERVAL_MS = 30_000;
/** Agents call at a third to two thirds of the time that they are told, stock ones at 0.3 to 0.6. */
const HEARTBEAT_MIN = 0.3;
const HEARTBEAT_SPREAD = 0.3;
/** A step that waits looks so often. */
const LOOK_MS = 2_000;
/** `agent.poll.silent` is told at this failure in a row. */
const SILENT_POLLS = 3;
const PUSHING_MAX = 100;
const DEAD_GOAL_INTERVALS = 3;
const RESTARTED_GOAL_INTERVALS = 1.2;
const WAIT_INTERVALS_MAX = 20;

type Site = {
  readonly parts: ConductorParts;
  readonly clock: Clock;
  readonly agents: Agents;
  readonly identity: AgentIdentity;
};

const inTime = async <T>(clock: Clock, work: Promise<T>, what: string): Promise<T> => {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(WAIT_INTERVALS_MAX * INTERVAL_MS, () => reject(new Error(what)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
};

const seed = async (
  { parts, agents, identity }: Site,
  count: number,
  route: 'vmedia' | 'poll',
): Promise<readonly SeededNode[]> => {
  const nodes = await seedBoundSessions(parts.store, parts.keys, {
    count,
    route,
    isSigning: () => route === 'poll',
    isAwaited: false,
    agentOf: (index) => ({
      token: tokenOfAgent(addressOfAgent(index)),
      callbackUrl: `https://${addressOfAgent(index)}:${agents.ports[0]}`,
      address: addressOfAgent(index),
      pin: identity.pin,
    }),
  });
  // As if they had been at it for long: each was seen at another time, and started before the clock ran.
  for (const { sessionId } of nodes) {
    await parts.store.db
      .updateTable('agent_session')
      .set({
        last_seen_ms: parts.clock.wallMs() - Math.round(Math.random() * INTERVAL_MS),
        agent_started_at_ms: Math.round(agents.startedAtMs),
      })
      .where('id', '=', sessionId)
      .execute();
  }
  return nodes;
};

type Delays = { readonly dead: readonly number[]; readonly restarted: readonly number[] };

/** Every other agent dies, the others restart, each at a moment of its own. */
const measurePolled = async (site: Site, nodes: readonly SeededNode[]): Promise<Delays> => {
  const { parts, clock, agents } = site;
  const log = makeLog({ level: 'silent' });
  const noticed = new Map<string, () => void>();
  const sink = makePollSink(parts, () => undefined);
  const poller = makePoller({
    source: makePollSource(parts),
    sink: {
      seen: sink.seen,
      restarted: async (target) => {
        await sink.restarted(target);
        noticed.get(target.id)?.();
      },
      failed: async (target, failure, inARow) => {
        await sink.failed(target, failure, inARow);
        if (inARow === SILENT_POLLS) noticed.get(target.id)?.();
      },
    },
    identity: undefined,
    clock,
    log,
    options: { intervalMs: INTERVAL_MS },
  });
  poller.start();
  await pause(clock, INTERVAL_MS);
  const dead: number[] = [];
  const restarted: number[] = [];
  const end = async ({ sessionId }: SeededNode, index: number): Promise<void> => {
    await pause(clock, Math.random() * INTERVAL_MS);
    const fate = index % 2 === 0 ? 'dead' : 'restarted';
    const told = new Promise<void>((resolve) => {
      noticed.set(sessionId, resolve);
    });
    await agents.change({ address: addressOfAgent(index), to: fate });
    const fromMs = clock.monotonicMs();
    await inTime(clock, told, `nobody was told that agent ${index} is ${fate}`);
    (fate === 'dead' ? dead : restarted).push(clock.monotonicMs() - fromMs);
  };
  await Promise.all(nodes.map(end));
  await poller.stop();
  return { dead, restarted };
};

const unreachable = new Failure('agent.unreachable', 'gone', { isRetryable: true });

/** Heartbeats until it dies; then a step looks at its command in vain until it gives the agent up. */
const measurePushing = async (
  { parts, clock, agents }: Site,
  nodes: readonly SeededNode[],
): Promise<readonly number[]> => {
  const heartbeat = makeHeartbeats(parts, () => undefined);
  const delays: number[] = [];
  const live = async ({ uuid }: SeededNode, index: number): Promise<void> => {
    const address = addressOfAgent(index);
    const diesMs = clock.monotonicMs() + INTERVAL_MS * (1 + Math.random());
    while (clock.monotonicMs() < diesMs) {
      await heartbeat({
        nodeIdent: uuid,
        callbackUrl: `https://${address}:${agents.ports[0]}`,
        token: tokenOfAgent(address),
        agentVersion: 'bench',
        certificatePem: undefined,
        status: undefined,
        statusMessage: undefined,
        sourceAddress: address,
      });
      const nextMs = INTERVAL_MS * (HEARTBEAT_MIN + HEARTBEAT_SPREAD * Math.random());
      await pause(clock, Math.max(0, Math.min(nextMs, diesMs - clock.monotonicMs())));
    }
    const fromMs = clock.monotonicMs();
    const job = { parts, node: { uuid } } as unknown as Job;
    const look = async (): Promise<void> => {
      for (;;) {
        await pause(clock, LOOK_MS);
        try {
          await forgiveBriefSilence(job, unreachable);
        } catch (error) {
          if (error instanceof Failure) return;
          throw error;
        }
      }
    };
    await inTime(clock, look(), `agent ${index} was never given up`);
    delays.push(clock.monotonicMs() - fromMs);
  };
  await Promise.all(nodes.map(live));
  return delays;
};

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

const linesOf = (
  what: string,
  delays: readonly number[],
  goalIntervals: number | null,
): readonly Measurement[] =>
  [0.5, 0.99].map((share) => {
    const measured = quantile(delays, share) / 1_000;
    const intervalSeconds = INTERVAL_MS / 1_000;
    return {
      what: `${what}, p${share * 100} of ${delays.length}`,
      measured,
      unit: 's',
      limit: { value: intervalSeconds, what: 'the interval' },
      goal: goalIntervals === null ? 'for comparison' : `at most ${goalIntervals} intervals`,
      isMet: goalIntervals === null || measured <= goalIntervals * intervalSeconds,
    };
  });

const withSite = async <T>(size: BenchSize, work: (site: Site) => Promise<T>): Promise<T> => {
  const identity = await makeSelfSignedAgent('P-256');
  const agents = await startAgents({ identities: [identity] });
  const directory = makeDirectory();
  const { store, keys } = await openBenchStore(directory);
  const clock = makeScaledClock(size.clockScale);
  const parts = {
    store,
    keys,
    clock,
    log: makeLog({ level: 'silent' }),
    options: {
      ...DEFAULT_CONDUCTOR_OPTIONS,
      isLoopbackAllowed: true,
      heartbeatTimeoutMs: INTERVAL_MS,
      pollIntervalMs: INTERVAL_MS,
    },
  } as Partial<ConductorParts> as ConductorParts;
  try {
    return await work({ parts, clock, agents, identity });
  } finally {
    await agents.stop();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

export const detection: Bench = {
  name: 'detection',
  run: async (size) => {
    const count = size.watched;
    const polled = await withSite(size, async (site) =>
      measurePolled(site, await seed(site, count, 'poll')),
    );
    const pushing = await withSite(size, async (site) =>
      measurePushing(site, await seed(site, Math.min(PUSHING_MAX, count), 'vmedia')),
    );
    const scale = `clock x${size.clockScale}`;
    return [
      ...linesOf(`dead, polled: told (${scale})`, polled.dead, DEAD_GOAL_INTERVALS),
      ...linesOf(`restarted, polled: told (${scale})`, polled.restarted, RESTARTED_GOAL_INTERVALS),
      ...linesOf(`dead, heartbeats: given up (${scale})`, pushing, null),
    ];
  },
};
