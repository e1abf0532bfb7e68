// Processes that the lab started, remembered in files. A pid alone may belong to somebody else by now; with the
// start time from /proc it names one process for as long as the host is up.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isJsonObject } from '@bessemer/protocol/json';
import { pause, type Clock } from '../clock.ts';
import { LabFailure } from '../lab-failure.ts';

export type TrackedProcess = { readonly pid: number; readonly startTicks: string };

const GONE_LOOK_MS = 20;
const KILLED_MS_MAX = 5_000;

/** Field 22 of /proc/PID/stat; undefined when there is no such process, or only its remains. */
const startTicksOf = (pid: number): string | undefined => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
  // The name in field 2 may hold blanks and brackets: count from the last bracket.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : fields[18];
};

export const trackProcess = (pid: number, pidFile: string): TrackedProcess => {
  const tracked = { pid, startTicks: startTicksOf(pid) ?? '' };
  writeFileSync(pidFile, JSON.stringify(tracked), { mode: 0o600 });
  return tracked;
};

/** The process named by a pid file, undefined when it is not running any more. */
export const findTracked = (pidFile: string): TrackedProcess | undefined => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(pidFile, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error))
      return undefined;
    throw error;
  }
  if (!isJsonObject(content)) return undefined;
  const { pid, startTicks } = content;
  if (typeof pid !== 'number' || typeof startTicks !== 'string') return undefined;
  return isRunning({ pid, startTicks }) ? { pid, startTicks } : undefined;
};

export const isRunning = (tracked: TrackedProcess): boolean =>
  startTicksOf(tracked.pid) === tracked.startTicks;

/** Asks it to end, then makes it. Resolves when it is gone; a process that is gone already is fine. */
export const endProcess = async (
  pidFile: string,
  options: { readonly clock: Clock; readonly graceMs: number },
): Promise<void> => {
  const tracked = findTracked(pidFile);
  if (tracked !== undefined) {
    process.kill(tracked.pid, 'SIGTERM');
    if (!(await isGoneWithin(tracked, options.graceMs, options.clock))) {
      if (isRunning(tracked)) process.kill(tracked.pid, 'SIGKILL');
      if (!(await isGoneWithin(tracked, KILLED_MS_MAX, options.clock))) {
        throw new LabFailure(`process ${tracked.pid} does not end`);
      }
    }
  }
  rmSync(pidFile, { force: true });
};

const isGoneWithin = async (
  tracked: TrackedProcess,
  limitMs: number,
  clock: Clock,
): Promise<boolean> => {
  const untilMs = clock.monotonicMs() + limitMs;
  while (isRunning(tracked)) {
    if (clock.monotonicMs() >= untilMs) return false;
    await pause(clock, GONE_LOOK_MS);
  }
  return true;
};
