// The command line as a process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const CLI = join(import.meta.dirname, '../src/main.ts');

export type Ended = { readonly status: number; readonly stdout: string; readonly stderr: string };

export const runProgram = async (
  program: string,
  args: readonly string[],
  environment: { readonly [name: string]: string },
): Promise<Ended> => {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { status: Number(code), stdout, stderr };
};
