// The other programs of this checkout, as processes: one that ends with its answer, and one that stays.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { CliFailure } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';

const BESSEMER = join(import.meta.dirname, '../../../../bessemer');
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
/** A service that is told to end finishes what it writes; after this it is ended. */
const STOP_MS_MAX = 15_000;
const LOG_TAIL_CHARACTERS = 1_500;

export type Finished = { readonly status: number; readonly stdout: string };

export type RunOptions = {
  /** Where stderr goes. */
  readonly logPath: string;
  /** Called with each line of stdout and stderr: what takes long is shown. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
};

/** Runs `./bessemer ...` to its end. A program that cannot be started throws; a status does not. */
export const runBessemer = async (
  args: readonly string[],
  options: RunOptions,
): Promise<Finished> => {
  const child = spawn(BESSEMER, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  options.signal?.addEventListener('abort', stop);
  const log = createWriteStream(options.logPath, { flags: 'a', mode: 0o600 });
  child.stderr.pipe(log, { end: false });
  if (options.onLine !== undefined) {
    createInterface({ input: child.stdout }).on('line', options.onLine);
    createInterface({ input: child.stderr }).on('line', options.onLine);
  }
  let stdout = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    if (stdout.length < OUTPUT_BYTES_MAX) stdout += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  log.end();
  options.signal?.removeEventListener('abort', stop);
  if (options.signal?.aborted === true) throw new CliFailure('interrupted', 'interrupted');
  if (code === null) throw new CliFailure('failed', `bessemer ${args[0]} was ended by ${signal}`);
  return { status: code, stdout };
};

/** Runs to its end, which must be good. */
export const requireBessemer = async (
  args: readonly string[],
  options: RunOptions,
): Promise<string> => {
  const { status, stdout } = await runBessemer(args, options);
  if (status !== 0) {
    throw new CliFailure(
      'failed',
      `\`bessemer ${args.join(' ')}\` ended with ${status}: ${tailOf(options.logPath)}`,
    );
  }
  return stdout;
};

export const tailOf = (logPath: string): string =>
  readFileSync(logPath, 'utf8').trim().slice(-LOG_TAIL_CHARACTERS);

export type RunningService = { readonly url: string; readonly stop: () => Promise<void> };

/** Starts `./bessemer serve` and waits for its line `ready URL`. */
export const startService = async (
  args: readonly string[],
  options: { readonly logPath: string; readonly readyMsMax: number; readonly clock: Clock },
): Promise<RunningService> => {
  const { logPath, clock } = options;
  // A group of its own: Ctrl-C reaches us, and we end it after the machine was dealt with.
  const child = spawn(BESSEMER, ['serve', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  child.stderr.pipe(log);
  const isOver = new AbortController();
  try {
    const url = await Promise.race([
      readyUrl(child, isOver.signal),
      once(child, 'exit', { signal: isOver.signal }).then(([code]) => {
        throw new CliFailure('failed', `serve ended with ${String(code)}: ${tailOf(logPath)}`);
      }),
      clock.pause(options.readyMsMax, isOver.signal).then(() => {
        throw new CliFailure('failed', `serve was not ready after ${options.readyMsMax} ms`);
      }),
    ]);
    return { url, stop: () => stopChild(child, clock) };
  } catch (error) {
    await stopChild(child, clock);
    throw error;
  } finally {
    isOver.abort();
  }
};

const readyUrl = async (child: ChildProcess, signal: AbortSignal): Promise<string> => {
  if (child.stdout === null) throw new Error('serve was started without a pipe');
  const lines = createInterface({ input: child.stdout });
  for (;;) {
    const [line] = (await once(lines, 'line', { signal })) as [string];
    const url = /^ready (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
};

const stopChild = async (child: ChildProcess, clock: Clock): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const isOver = new AbortController();
  child.kill('SIGTERM');
  const ended = exited.then(() => isOver.abort());
  await clock.pause(STOP_MS_MAX, isOver.signal);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
};
