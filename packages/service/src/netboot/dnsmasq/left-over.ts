// A service that was killed leaves its dnsmasq behind, holding the ports and believing boots that are over. It is
// known by its pid file and by its command line, which names our configuration; nothing else is ever ended.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import type { Clock } from '#clock';

const LOOK_MS = 20;
const GRACE_MS = 3_000;
const KILLED_MS_MAX = 3_000;
const PID = /^[1-9]\d{0,9}$/u;

export const configArgument = (configPath: string): string => `--conf-file=${configPath}`;

const textOf = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // No such file, or a process that ended while it was looked at.
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ESRCH')
    ) {
      return '';
    }
    throw error;
  }
};

const isOurs = async (pid: number, configPath: string): Promise<boolean> => {
  const words = (await textOf(`/proc/${pid}/cmdline`)).split('\0');
  return basename(words[0] ?? '') === 'dnsmasq' && words.includes(configArgument(configPath));
};

const send = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** Resolves to whether there was one, when it is gone. */
export const endLeftOver = async (
  pidFile: string,
  configPath: string,
  clock: Pick<Clock, 'after' | 'monotonicMs'>,
): Promise<boolean> => {
  const text = (await textOf(pidFile)).trim();
  if (!PID.test(text)) return false;
  const pid = Number(text);
  const isGone = async (limitMs: number): Promise<boolean> => {
    const untilMs = clock.monotonicMs() + limitMs;
    while (await isOurs(pid, configPath)) {
      if (clock.monotonicMs() >= untilMs) return false;
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    return true;
  };
  if (!(await isOurs(pid, configPath))) return false;
  send(pid, 'SIGTERM');
  if (await isGone(GRACE_MS)) return true;
  send(pid, 'SIGKILL');
  if (await isGone(KILLED_MS_MAX)) return true;
  throw new Error(`network boot: dnsmasq of an earlier start (process ${pid}) cannot be ended`);
};
