// One sweep over thousands of polled agents, a fresh pinned TLS connection each, against the bare handshakes with the
// same agents at the same concurrency.

import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import {
  type AgentIdentity,
  makeBenchAuthority,
  makeSelfSignedAgent,
} from './agent-certificates.ts';
import { type SweepCost, startHandshakes } from './handshakes.ts';
import { openBenchStore } from './bench-store.ts';
import { compareKeys } from './key-kinds.ts';
import { type Bench, medianOf, type Measurement } from './measurement.ts';
import type { PollProcessStart } from './poll-process.ts';
import { makeDirectory } from './served.ts';
import { seedBoundSessions } from './seed-sessions.ts';
import {
  addressOfAgent,
  askProcess,
  endProcess,
  startAgents,
  tokenOfAgent,
} from './simulated-agents.ts';
import { POLLS_AT_ONCE } from './sweep-subject.ts';

export type SweepResult = SweepCost & {
  /** Sessions whose last contact was stored. */
  readonly seen: number;
  /** Workflows that were told. */
  readonly woken: number;
};

/** Keys in the fleet: enough that nothing is gained by remembering one. */
const KEYS = 8;
const FACTOR_MAX = 2;
const PEAK_MIB_MAX = 250;
const BLOCK_MS_MAX = 50;

/** As `bessemer serve` is started. */
const RUNTIME_FLAGS = ['--max-semi-space-size=16'];

const PROGRAM = join(import.meta.dirname, 'poll-process.ts');

type Rounds = { readonly sweeps: readonly SweepResult[]; readonly limits: readonly SweepCost[] };

const seed = async (
  directory: string,
  count: number,
  ports: readonly number[],
  pins: readonly string[],
): Promise<void> => {
  const { store, keys } = await openBenchStore(directory);
  await seedBoundSessions(store, keys, {
    count,
    route: 'poll',
    isAwaited: true,
    isSigning: () => true,
    agentOf: (index) => {
      const address = addressOfAgent(index);
      const place = index % ports.length;
      return {
        token: tokenOfAgent(address),
        callbackUrl: `https://${address}:${ports[place]}`,
        address,
        pin: pins[place] ?? '',
      };
    },
  });
  await store.close();
};

const measure = async (count: number, rounds: number): Promise<Rounds> => {
  const authority = await makeBenchAuthority();
  const client = await authority.issue('P-256');
  const identities = await Promise.all(
    Array.from({ length: KEYS }, (): Promise<AgentIdentity> => makeSelfSignedAgent('P-256')),
  );
  const agents = await startAgents({ identities, asksForCertificate: true });
  const handshakes = startHandshakes();
  const directory = makeDirectory();
  const child = fork(PROGRAM, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: RUNTIME_FLAGS,
  });
  try {
    const { ports } = agents;
    const pins = identities.map(({ pin }) => pin);
    await seed(directory, count, ports, pins);
    const start: PollProcessStart = { directory, count, client };
    const handshake = { count, concurrency: POLLS_AT_ONCE, ports, pins, client };
    await askProcess(child, start);
    const sweeps: SweepResult[] = [];
    const limits: SweepCost[] = [];
    for (let round = 0; round < rounds; round += 1) {
      limits.push(await handshakes.run(handshake));
      await agents.count();
      const swept = await askProcess<SweepResult>(child, {});
      const { connections } = await agents.count();
      if (connections < count) throw new Error(`only ${connections} of ${count} connections`);
      if (swept.woken !== count) throw new Error(`only ${swept.woken} of ${count} were woken`);
      if (swept.seen !== count) throw new Error(`only ${swept.seen} of ${count} agents were seen`);
      sweeps.push(swept);
    }
    return { sweeps, limits };
  } finally {
    await Promise.all([agents.stop(), handshakes.stop(), endProcess(child)]);
    rmSync(directory, { recursive: true, force: true });
  }
};

const linesOf = (count: number, { sweeps, limits }: Rounds): readonly Measurement[] => {
  const median = (costs: readonly SweepCost[], of: (cost: SweepCost) => number): number =>
    medianOf(costs.map(of));
  const seconds = median(sweeps, (cost) => cost.seconds);
  const limit = median(limits, (cost) => cost.seconds);
  const perThousand = (costs: readonly SweepCost[]): number =>
    median(costs, (cost) => (cost.cpuMs * 1_000) / count);
  const peak = Math.max(...sweeps.map((cost) => cost.peakMiB));
  const block = Math.max(...sweeps.map((cost) => cost.longestBlockMs));
  const limitBlock = Math.max(...limits.map((cost) => cost.longestBlockMs));
  return [
    {
      what: `poll sweep of ${count} agents, ${POLLS_AT_ONCE} at once`,
      measured: seconds,
      unit: 's',
      limit: { value: limit, what: 'bare TLS handshakes, keys of both sides' },
      goal: `at most ${FACTOR_MAX} times`,
      isMet: seconds <= limit * FACTOR_MAX,
    },
    {
      what: 'processor for 1,000 polls',
      measured: perThousand(sweeps),
      unit: 'ms',
      limit: { value: perThousand(limits), what: 'bare TLS handshakes' },
      goal: `at most ${FACTOR_MAX} times`,
      isMet: perThousand(sweeps) <= perThousand(limits) * FACTOR_MAX,
    },
    {
      what: 'memory of the poller, at most',
      measured: peak,
      unit: 'MiB',
      limit: null,
      goal: `under ${PEAK_MIB_MAX} MiB`,
      isMet: peak < PEAK_MIB_MAX,
    },
    {
      what: 'longest block of the event loop in a sweep',
      measured: block,
      unit: 'ms',
      limit: { value: limitBlock, what: 'bare TLS handshakes' },
      goal: `under ${BLOCK_MS_MAX} ms`,
      isMet: block < BLOCK_MS_MAX,
    },
  ];
};

export const pollSweep: Bench = {
  name: 'poll-sweep',
  run: async (size) => {
    const rounds = await measure(size.agents, size.isQuick ? 1 : 3);
    const keys = size.isComparingKeys ? await compareKeys(size.agents, POLLS_AT_ONCE) : [];
    return [...linesOf(size.agents, rounds), ...keys];
  },
};
