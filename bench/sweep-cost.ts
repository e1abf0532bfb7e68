// What one sweep costs the process that makes it.

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { SweepCost } from './handshakes.ts';

const RESOLUTION_MS = 1;
const NS_PER_MS = 1_000_000;

export const peakMiB = (): number => {
  const text = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1_024;
};

export const costOf = async (sweep: () => Promise<void>): Promise<SweepCost> => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await sweep();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  // One more turn, so that a block at the very end is seen.
  await new Promise((resolve) => {
    setTimeout(resolve, RESOLUTION_MS * 5);
  });
  delay.disable();
  return {
    seconds,
    cpuMs: (user + system) / 1_000,
    longestBlockMs: Math.max(0, delay.max / NS_PER_MS - RESOLUTION_MS),
    peakMiB: peakMiB(),
  };
};
