// Heartbeats with wrong tokens, as fast as they are answered, and how long the calls of users take meanwhile.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';

import { pause, systemClock } from '../../clock.ts';
import { LabFailure } from '../../lab-failure.ts';
import type { Product } from './product.ts';
import type { Stage } from './stage.ts';
import { parsed } from './wire.ts';

const FLOODER = join(import.meta.dirname, 'flooder.ts');
export const FLOOD_SOURCES = 20;
const CALLS = 300;
const WARM_UP_MS = 500;
const START_MS_MAX = 20_000;
/** Enough that each address gets beyond what it may say at once. */
const MEASURE_MS_MIN = 1_500;

/** Throws when a user is not served. */
const userP99 = async (product: Product): Promise<number> => {
  const times: number[] = [];
  const untilMs = systemClock.monotonicMs() + MEASURE_MS_MIN;
  while (times.length < CALLS || systemClock.monotonicMs() < untilMs) {
    const startedMs = systemClock.monotonicMs();
    const { status } = await product.api('GET', '/v1/nodes?limit=5&fields=uuid,provision_state');
    if (status !== 200) throw new LabFailure(`a user was answered ${status}`);
    times.push(systemClock.monotonicMs() - startedMs);
  }
  times.sort((one, other) => one - other);
  return times[Math.floor(times.length * 0.99) - 1] ?? 0;
};

type Flooded = { readonly p99Ms: number; readonly answers: { readonly [what: string]: number } };

export type Flood = {
  /** Milliseconds that 99 of 100 calls of a user take at most: before, and meanwhile. */
  readonly idleMs: number;
  readonly floodedMs: number;
  /** How many heartbeats were answered with which status, or closed. */
  readonly answers: Flooded['answers'];
};

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

/** From addresses that nobody used before. */
export const measureFlood = async (stage: Stage, node: string): Promise<Flood> => {
  const sources = Array.from({ length: FLOOD_SOURCES }, () => stage.stranger());
  const idleMs = await userP99(stage.product);
  const { p99Ms, answers } = await duringFlood(stage.product, node, sources);
  return { idleMs, floodedMs: p99Ms, answers };
};
