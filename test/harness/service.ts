// Starts the real service as a user would, on free ports and in a folder of its own, and speaks to it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../packages/lab/src/free-ports.ts';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const BESSEMER = join(REPOSITORY, 'bessemer');

/** Much more than the service needs, since the machine that runs the tests may be busy. */
const READY_MS_MAX = 30_000;

/** A process that was asked to end, or to die, and takes this long does not. */
const END_MS_MAX = 60_000;
const LOG_TAIL_CHARS = 3_000;

export type Answer = { readonly status: number; readonly body: unknown; readonly text: string };

export type RunningService = {
  readonly url: string;
  /** Posts a heartbeat to the agent listener, as an agent would; its status. */
  readonly heartbeat: (node: string, body: object) => Promise<number>;
  readonly directory: string;
  readonly logPath: string;
  readonly process: ChildProcess;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** SIGKILL: no goodbye. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Waits until the process is dead of a SIGKILL that it sent itself; any other end is an error. */
  readonly killedItself: () => Promise<void>;
  /** The end of what it wrote, for what a failed test says. */
  readonly logTail: () => string;
};

export type ServiceOptions = {
  /** A folder of an earlier run to go on with; made and removed by the caller. */
  readonly directory: string;
  /** Where ramdisks and BMCs reach it; loopback unless said. */
  readonly listenHost?: string;
  readonly args?: readonly string[];
  readonly settings?: readonly string[];
  readonly environment?: { readonly [name: string]: string };
  /** What is started instead of ./bessemer serve. */
  readonly program?: readonly [string, ...string[]];
};

export const makeDirectory = async (): Promise<string> => mkdtemp(join(tmpdir(), 'bessemer-test-'));

export const removeDirectory = async (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true });

const tailOf = (logPath: string): string => readFileSync(logPath, 'utf8').slice(-LOG_TAIL_CHARS);

/** The process ended before it was ready. */
export class EndedEarly extends Error {
  readonly signal: NodeJS.Signals | null;
  constructor(code: number | null, signal: NodeJS.Signals | null, logPath: string) {
    super(`serve ended with ${signal ?? code}:\n${tailOf(logPath)}`);
    this.signal = signal;
  }
}

const readyUrl = async (child: ChildProcess, logPath: string): Promise<string> => {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const timeout = AbortSignal.timeout(READY_MS_MAX);
  const line = await Promise.race<string>([
    once(lines, 'line', { signal: timeout }).then(([text]) => text as string),
    once(child, 'exit').then(([code, signal]) => {
      throw new EndedEarly(code as number | null, signal as NodeJS.Signals | null, logPath);
    }),
  ]);
  const found = /^ready (\S+)$/.exec(line);
  if (found?.[1] === undefined) throw new Error(`serve said "${line}" and not "ready URL"`);
  return found[1];
};

/** User and password of the default account, as a script would read them. */
const accountOf = (directory: string): string | undefined => {
  if (!existsSync(join(directory, 'clouds.yaml'))) return undefined;
  const text = readFileSync(join(directory, 'clouds.yaml'), 'utf8');
  const value = (key: string): string =>
    new RegExp(`\\b${key}: *["']?([^"'\\s,}]+)`).exec(text)?.[1] ?? '';
  return `${value('username')}:${value('password')}`;
};

export const startService = async (options: ServiceOptions): Promise<RunningService> => {
  const { directory } = options;
  const logPath = join(directory, 'serve.log');
  const settings = (options.settings ?? []).flatMap((setting) => ['--set', setting]);
  const agentPort = await freePort();
  const host = options.listenHost ?? '127.0.0.1';
  const ports = ['--agent-listen', `${host}:${agentPort}`, '--boot-listen', `${host}:0`];
  if (!options.args?.includes('--listen')) ports.push('--listen', '127.0.0.1:0');
  // Handed over, not piped: whatever the end of the process, its last line is there.
  const log = openSync(logPath, 'a');
  const [program, ...before] = options.program ?? [BESSEMER, 'serve'];
  const data = ['--data', join(directory, 'data')];
  const child = spawn(
    program,
    [...before, ...data, ...ports, ...(options.args ?? []), ...settings],
    {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, ...options.environment },
    },
  );
  closeSync(log);
  const exited = once(child, 'exit');
  const url = await readyUrl(child, logPath);
  const isOpen = options.args?.includes('none') ?? false;
  const account = isOpen ? undefined : accountOf(join(directory, 'data'));
  const authorization =
    account === undefined ? undefined : `Basic ${Buffer.from(account).toString('base64')}`;

  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const headers: { [name: string]: string } = { 'X-OpenStack-Ironic-API-Version': 'latest' };
    if (authorization !== undefined) headers['Authorization'] = authorization;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(new URL(path, url), init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
  };

  const heartbeat = (node: string, body: object): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'x-openstack-ironic-api-version': '1.68',
      };
      const ca = readFileSync(join(directory, 'data', 'ca', 'ca.crt'));
      const where = { host: '127.0.0.1', port: agentPort, path: `/v1/heartbeat/${node}`, ca };
      request({ ...where, method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end(JSON.stringify(body));
    });

  const endWith = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    url,
    directory,
    logPath,
    process: child,
    call,
    heartbeat,
    kill: () => endWith('SIGKILL'),
    stop: () => endWith('SIGTERM'),
    killedItself: async () => {
      await Promise.race([exited, pause(END_MS_MAX, undefined, { ref: false })]);
      if (child.signalCode === 'SIGKILL') return;
      const how = child.exitCode === null ? 'is still there' : `ended with ${child.exitCode}`;
      throw new Error(`serve ${how}, though it should have killed itself:\n${tailOf(logPath)}`);
    },
    logTail: () => tailOf(logPath),
  };
};
