// BMCs that speak IPMI, in a process of their own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, 'ipmi-bmcs-process.ts');

export type IpmiBmcs = {
  readonly ports: readonly number[];
  readonly stop: () => Promise<void>;
};

export const startIpmiBmcs = async (
  count: number,
  username: string,
  password: string,
): Promise<IpmiBmcs> => {
  const child = spawn(process.execPath, [PROGRAM, String(count), username, password], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ports: JSON.parse(line) as readonly number[],
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};
