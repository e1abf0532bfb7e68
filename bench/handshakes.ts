// The limit of a poll: the TLS handshake, on a fresh connection, with a look at the key, and nothing else.

import { fork } from 'node:child_process';
import { join } from 'node:path';

import { askProcess, endProcess } from './simulated-agents.ts';

export type HandshakesWish = {
  readonly count: number;
  readonly concurrency: number;
  readonly ports: readonly number[];
  /** Of each port, in the same order. */
  readonly pins: readonly string[];
  /** Verifies the chain up to this authority (PEM) instead of comparing the pin. */
  readonly authority?: string;
  /** Shown to the agents. */
  readonly client?: { readonly certificatePem: string; readonly keyPem: string };
};

export type SweepCost = {
  readonly seconds: number;
  /** Of the process that asks, user and system. */
  readonly cpuMs: number;
  readonly longestBlockMs: number;
  readonly peakMiB: number;
};

export type Handshakes = {
  readonly run: (wish: HandshakesWish) => Promise<SweepCost>;
  readonly stop: () => Promise<void>;
};

const PROGRAM = join(import.meta.dirname, 'handshake-process.ts');

export const startHandshakes = (): Handshakes => {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    run: (wish) => askProcess<SweepCost>(child, wish),
    stop: () => endProcess(child),
  };
};
