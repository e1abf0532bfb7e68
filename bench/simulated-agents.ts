// Thousands of agents in one process: it listens on every address of the machine, so that each 127.77.x.y is one.

import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import type { AgentIdentity } from './agent-certificates.ts';

export type AgentsWish = {
  /** Each is served on a port of its own; the agents are spread over them. */
  readonly identities: readonly Pick<AgentIdentity, 'certificatePem' | 'keyPem'>[];
  /**
   * Asks for a client certificate as our agents do. Its chain is not followed: all agents are one process here, which
   * would then be slower than who asks them.
   */
  readonly asksForCertificate?: boolean;
};

export type AgentsCount = { readonly connections: number; readonly answers: number };

/** From now on it is not there, or it is another process that has no token. */
export type AgentChange = { readonly address: string; readonly to: 'dead' | 'restarted' };

export type Agents = {
  readonly ports: readonly number[];
  /** What those that did not restart tell of themselves. */
  readonly startedAtMs: number;
  readonly change: (change: AgentChange) => Promise<unknown>;
  readonly pid: number;
  /** Since the last call. */
  readonly count: () => Promise<AgentsCount>;
  readonly stop: () => Promise<void>;
};

const PROGRAM = join(import.meta.dirname, 'agents-process.ts');
const ADDRESSES_PER_OCTET = 250;

/** One agent has one address; 62,500 of them fit. */
export const addressOfAgent = (index: number): string =>
  `127.77.${Math.floor(index / ADDRESSES_PER_OCTET)}.${(index % ADDRESSES_PER_OCTET) + 1}`;

/** Both sides know the token of each address without a table of them. */
export const tokenOfAgent = (address: string): string =>
  createHash('sha256').update(`bench agent ${address}`).digest('base64url');

/** Asks a process of the bench for something and waits for its answer. */
export const askProcess = <T>(child: ChildProcess, message: object): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAnswer = (answer: unknown): void => {
      child.off('exit', onExit);
      resolve(answer as T);
    };
    const onExit = (code: number | null): void => {
      child.off('message', onAnswer);
      reject(new Error(`a process of the bench ended with ${String(code)}`));
    };
    child.once('message', onAnswer);
    child.once('exit', onExit);
    child.send(message);
  });

export const endProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

export const startAgents = async (wish: AgentsWish): Promise<Agents> => {
  const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { ports, startedAtMs } = await askProcess<Pick<Agents, 'ports' | 'startedAtMs'>>(
    child,
    wish,
  );
  // Questions to the process are answered in order, one at a time.
  let last: Promise<unknown> = Promise.resolve();
  return {
    ports,
    startedAtMs,
    change: (change) => (last = last.then(() => askProcess(child, { change }))),
    pid: child.pid ?? 0,
    count: () => askProcess<AgentsCount>(child, {}),
    stop: () => endProcess(child),
  };
};
