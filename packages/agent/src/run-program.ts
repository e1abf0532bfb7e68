// The only place that starts a program. No shell, arguments as a list, a limit on time and on output.

import { spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { CommandFailure } from './command-failure.ts';

export type ProgramOptions = {
  readonly timeoutMs?: number;
  readonly outputBytesMax?: number;
  readonly input?: Buffer;
};

export type ProgramResult = {
  /** -1 when it was ended by a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
};

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;
/** What programs of the ramdisk may see. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

export class ProgramMissing extends Error {
  constructor(program: string) {
    super(`the program ${program} is not there`);
    this.name = 'ProgramMissing';
  }
}

/** Any status is a result. Throws ProgramMissing, or CommandExecutionError on a limit. */
export const tryProgram = (
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> =>
  new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const outputBytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
    const child = spawn(program, [...args], {
      env: ENVIRONMENT,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let length = 0;
    const keep = (into: Buffer[]) => (part: Buffer) => {
      length += part.length;
      if (length > outputBytesMax) child.kill('SIGKILL');
      else into.push(part);
    };
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.once('error', (error) => {
      reject('code' in error && error.code === 'ENOENT' ? new ProgramMissing(program) : error);
    });
    child.once('close', (status, signal) => {
      if (signal === 'SIGKILL') {
        const limit = length > outputBytesMax ? `${outputBytesMax} bytes` : `${timeoutMs / 1000} s`;
        reject(new CommandFailure('CommandExecutionError', `${program} went over ${limit}`));
        return;
      }
      resolve({
        status: status ?? -1,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
    // A program that ends without reading its input is judged by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });

/** Throws CommandExecutionError with the program's own words when it fails. */
export const runProgram = async (
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> => {
  const { status, stdout, stderr } = await tryProgram(program, args, options);
  if (status === 0) return stdout;
  const words = (stderr.trim() || stdout.trim()).slice(0, 500);
  throw new CommandFailure('CommandExecutionError', `${program} ended with ${status}: ${words}`);
};

/** What fits in a pipe, so that writing never waits for a reader. */
const SCRIPT_BYTES_MAX = 64 * 1024;

/**
 * Gives a program a script that nobody else shall see, as its last argument: the name of a pipe, which is gone when this
 * returns. Nothing of it is ever in a file.
 */
export const tryProgramWithScript = async (
  program: string,
  args: readonly string[],
  script: Buffer,
  options: Omit<ProgramOptions, 'input'> = {},
): Promise<ProgramResult> => {
  if (script.length > SCRIPT_BYTES_MAX) {
    throw new CommandFailure('CommandExecutionError', `the script for ${program} is too long`);
  }
  const directory = await mkdtemp(join(tmpdir(), 'script-'));
  const path = join(directory, 'pipe');
  try {
    await runProgram('mkfifo', ['-m', '600', path]);
    // Waits until the program opens its end.
    const written = Promise.allSettled([writeToPipe(path, script)]);
    try {
      return await tryProgram(program, [...args, path], options);
    } finally {
      // A program that ended without opening it leaves the writer waiting: a second reader lets it go.
      const reader = await open(path, 'r+');
      await written;
      await reader.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const writeToPipe = async (path: string, content: Buffer): Promise<void> => {
  const writer = await open(path, 'w');
  try {
    await writer.write(content);
  } catch (error) {
    // Who does not read its script to the end is judged by its status.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  } finally {
    await writer.close();
  }
};

/** A program as a filter of a stream. Its failure is the stream's failure. */
export const startFilter = (program: string, args: readonly string[]): Duplex => {
  const child = spawn(program, [...args], { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.on('data', (part: Buffer) => {
    words = `${words}${part.toString('utf8')}`.slice(0, 500);
  });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.once('error', (error) => stream.destroy(error));
  child.once('exit', (status) => {
    if (status !== 0) stream.destroy(new Error(words.trim() || `${program} ended with ${status}`));
  });
  stream.once('close', () => child.kill('SIGKILL'));
  return stream;
};
