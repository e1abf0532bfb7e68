// The product under measurement: `./bessemer serve` on free ports with a directory of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { freePort } from '../packages/lab/src/free-ports.ts';

export const BESSEMER = join(import.meta.dirname, '../bessemer');

export type Served = {
  readonly url: string;
  readonly port: number;
  readonly agentPort: number;
  readonly directory: string;
  readonly storePath: string;
  /** From the start of the process until a GET was answered with 200. */
  readonly readySeconds: number;
  readonly residentMiB: () => number;
  /** Of the process since its start, user and system. */
  readonly cpuMs: () => number;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
  /** Ends the process; the directory stays for another start. */
  readonly end: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export const makeDirectory = (): string => mkdtempSync(join(tmpdir(), 'bessemer-bench-'));

export const startServe = async (
  options: { readonly directory?: string; readonly settings?: readonly string[] } = {},
): Promise<Served> => {
  const directory = options.directory ?? makeDirectory();
  const agentPort = await freePort();
  const startedMs = performance.now();
  const words = [
    'serve',
    '--data',
    join(directory, 'data'),
    '--auth',
    'none',
    '--listen',
    '127.0.0.1:0',
    '--agent-listen',
    `127.0.0.1:${agentPort}`,
    '--boot-listen',
    '127.0.0.1:0',
    ...(options.settings ?? []).flatMap((setting) => ['--set', setting]),
  ];
  const log = openSync(join(directory, 'serve.log'), 'a');
  const child = spawn(BESSEMER, words, { stdio: ['ignore', 'pipe', log] });
  const url = await readyUrl(child, directory).catch((error: unknown) => {
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    throw error;
  });
  const headers = { 'X-OpenStack-Ironic-API-Version': '1.95' };
  const call: Served['call'] = (method, path, body) =>
    fetch(url + path, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const first = await call('GET', '/v1/nodes');
  if (first.status !== 200) throw new Error(`the first GET was answered with ${first.status}`);
  await first.arrayBuffer();
  const readySeconds = (performance.now() - startedMs) / 1_000;
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  return {
    url,
    port: Number(new URL(url).port),
    agentPort,
    directory,
    storePath: join(directory, 'data', 'bessemer.sqlite'),
    readySeconds,
    residentMiB: () => residentMiB(child.pid ?? 0),
    cpuMs: () => cpuMs(child.pid ?? 0),
    call,
    end,
    remove: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const readyUrl = async (child: ChildProcess, directory: string): Promise<string> => {
  if (child.stdout === null) throw new Error('serve was started without a pipe');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    once(child, 'exit').then(() => {
      throw new Error(`serve ended: ${readFileSync(join(directory, 'serve.log'), 'utf8')}`);
    }),
  ]);
  const url = /^ready (\S+)$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`serve said "${line}"`);
  return url;
};

export const residentMiB = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1_024;
};

/** The kernel counts in hundredths of a second, whatever its own clock is. */
const MS_PER_TICK = 10;

const cpuMs = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may hold spaces.
  const [, , , , , , , , , , , user = '', system = ''] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ');
  return (Number(user) + Number(system)) * MS_PER_TICK;
};
