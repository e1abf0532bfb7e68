import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';

import { pause, systemClock } from '../../clock.ts';
import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';
import type { Product } from '../stage/product.ts';
import type { Stage } from '../stage/stage.ts';
import { parsed } from '../stage/wire.ts';

const FLOODER = join(import.meta.dirname, '../stage/flooder.ts');
const SOURCES = 20;
const CALLS = 300;
const RATIO_MAX = 2;
/** Below this both are noise of the machine that runs it. */
const FLOOR_MS = 5;
/** Other work on the machine disturbs one measurement, seldom all of them. */
const ATTEMPTS = 3;
const WARM_UP_MS = 500;
const START_MS_MAX = 20_000;
/** Enough that each address gets beyond what it may say at once. */
const MEASURE_MS_MIN = 1_500;

/** Milliseconds that 99 of 100 calls of a user take at most. */
const userP99 = async (product: Product): Promise<number> => {
  const times: number[] = [];
  const untilMs = systemClock.monotonicMs() + MEASURE_MS_MIN;
  while (times.length < CALLS || systemClock.monotonicMs() < untilMs) {
    const startedMs = systemClock.monotonicMs();
    await product.api('GET', '/v1/nodes?limit=5&fields=uuid,provision_state');
    times.push(systemClock.monotonicMs() - startedMs);
  }
  times.sort((one, other) => one - other);
  return times[Math.floor(times.length * 0.99) - 1] ?? 0;
};

type Flooded = { readonly p99Ms: number; readonly answers: { readonly [what: string]: number } };

const duringFlood = async (
  product: Product,
  node: string,
  sources: readonly string[],
): Promise<Flooded> => {
  const args = [FLOODER, product.agentUrl, node, sources.join(',')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // It sits on another machine in truth: what it takes of this one must not count.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const exited = once(child, 'exit');
  try {
    await once(child.stdout, 'data', { signal: AbortSignal.timeout(START_MS_MAX) });
    await pause(systemClock, WARM_UP_MS);
    const p99Ms = await userP99(product);
    child.kill('SIGTERM');
    await exited;
    const answers = parsed(text.trim().split('\n').at(-1) ?? '');
    return { p99Ms, answers: isJsonObject(answers) ? (answers as Flooded['answers']) : {} };
  } finally {
    child.kill('SIGKILL');
  }
};

export const wrongTokenFlood: Drill = {
  name: 'wrong-token-flood',
  threats: ['T-14', 'T-58'],
  attempt: `heartbeats with wrong tokens, as fast as they are answered, from ${SOURCES} addresses with 8 connections each`,
  expected:
    '400, then 429 for those addresses, agent.token.guessing; the user API p99 at most doubled; the true agent goes on',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    // Takes commands and says nothing, so that the session lasts.
    const agent = await startPlayedAgent({
      address: machine.machine.address,
      certificate: machine.certificate,
      key: machine.key,
      reply: () => null,
    });
    try {
      const mark = await auditEnd(product);
      await measured(stage, machine.uuid, findings);
      await expectEvent(product, findings, mark, {
        event: 'agent.token.guessing',
        node: machine.uuid,
      });
      const own = await machine.beat({ sequence: 1 });
      findings.check(own.status === 202, `the true agent was answered ${own.status}`);
    } finally {
      await agent.close();
    }
    return findings.finding();
  },
};

const measured = async (stage: Stage, node: string, findings: Findings): Promise<void> => {
  const { product } = stage;
  const tries: string[] = [];
  await userP99(product);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const sources = Array.from({ length: SOURCES }, () => stage.stranger());
    const idleMs = await userP99(product);
    const { p99Ms, answers } = await duringFlood(product, node, sources);
    const total = Object.values(answers).reduce((sum, each) => sum + each, 0);
    const limited = answers['429'] ?? 0;
    tries.push(`p99 ${idleMs.toFixed(1)} ms idle, ${p99Ms.toFixed(1)} ms flooded`);
    findings.check(
      Object.keys(answers).every((what) => ['400', '429', '503', 'closed'].includes(what)),
      `answers of other kinds: ${JSON.stringify(answers)}`,
    );
    findings.check(limited > 0, `none of ${total} was answered 429`);
    if (p99Ms <= Math.max(idleMs, FLOOR_MS) * RATIO_MAX) {
      findings.saw(`${total} heartbeats, ${limited} of them 429; ${tries.at(-1) ?? ''}`);
      return;
    }
  }
  findings.saw(tries.join(' / '));
  findings.check(false, `the user API p99 is more than ${RATIO_MAX} times that without a flood`);
};
