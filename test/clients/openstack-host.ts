// The real `openstack` command, kept warm: see openstack-host.py.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, 'openstack-host.py');
/** Debian's, which has Debian's client; another may come first in PATH. */
const PYTHON = '/usr/bin/python3';
/** The client retries and polls by itself; a command that takes longer than this hangs. */
const COMMAND_MS_MAX = 120_000;

export type Environment = { readonly [name: string]: string };
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type OpenstackHost = {
  /** Sub-commands of `openstack baremetal` that the installed client has. */
  readonly subCommands: readonly string[];
  /** One at a time; later ones wait. */
  readonly run: (environment: Environment, args: readonly string[]) => Promise<Ran>;
  readonly stop: () => Promise<void>;
};

export const startOpenstackHost = async (): Promise<OpenstackHost> => {
  // The client remembers versions of servers in its home; each host begins without memory.
  const home = await mkdtemp(join(tmpdir(), 'bessemer-openstack-'));
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' };
  const child: ChildProcess = spawn(PYTHON, ['-I', PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: inherited,
    cwd: home,
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const nextLine = async (): Promise<string> => {
    const [line] = await Promise.race([
      once(lines, 'line', { signal: AbortSignal.timeout(COMMAND_MS_MAX) }),
      ended.then(() => Promise.reject(new Error('the host of the openstack client ended'))),
    ]);
    return line as string;
  };
  const subCommands = JSON.parse(await nextLine()) as readonly string[];
  let last: Promise<unknown> = Promise.resolve();
  const runNow = async (environment: Environment, argv: readonly string[]): Promise<Ran> => {
    const answer = nextLine();
    child.stdin?.write(`${JSON.stringify({ argv, env: { ...inherited, ...environment } })}\n`);
    return JSON.parse(await answer) as Ran;
  };
  return {
    subCommands,
    run: (environment, args) => {
      const turn = last.then(() => runNow(environment, args));
      last = turn.catch(() => undefined);
      return turn;
    },
    stop: async () => {
      child.stdin?.end();
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
};
