// BMCs that speak IPMI or Redfish, in a process of their own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, 'bmcs-process.ts');

export type BmcCounts = {
  /** Open or being opened at the same time, at all of them. */
  readonly mostSessions: number;
  readonly mostSessionsAtOne: number;
  readonly requests: number;
  readonly logins: number;
  readonly refusedLogins: number;
  readonly lockedAccounts: number;
  /** Of their process. */
  readonly cpuMs: number;
};

export type Bmcs = {
  readonly ports: readonly number[];
  /** PEM of who signed their certificates; null: they have none. */
  readonly authority: string | null;
  /** The most since it was asked last, the others since the start. */
  readonly counts: () => Promise<BmcCounts>;
  readonly stop: () => Promise<void>;
};

export const startBmcs = async (
  kind: 'ipmi' | 'redfish',
  count: number,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<Bmcs> => {
  const child = spawn(process.execPath, [PROGRAM, kind, String(count), username, password], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new Error('the BMCs were started without a pipe');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ...(JSON.parse(line) as Pick<Bmcs, 'ports' | 'authority'>),
    counts: async () => {
      const told = once(child, 'message');
      child.send('counts');
      const [counts] = (await told) as [BmcCounts];
      return counts;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};
