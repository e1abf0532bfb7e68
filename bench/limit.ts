// Starts the limit server in a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Limit = {
  readonly port: number;
  readonly readySeconds: number;
  readonly stop: () => Promise<void>;
};

const PROGRAM = join(import.meta.dirname, 'limit-server.ts');

export const startLimit = async (args: readonly string[]): Promise<Limit> => {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const port = Number(line);
  const scheme = args[1] === undefined ? 'http' : undefined;
  if (scheme !== undefined) await (await fetch(`${scheme}://127.0.0.1:${port}/v1/nodes`)).text();
  return {
    port,
    readySeconds: (performance.now() - startedMs) / 1_000,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};
