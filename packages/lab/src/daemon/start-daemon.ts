// Starts the process that holds a lab, detached, and waits until its BMCs answer.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { trackProcess } from '../host/tracked-process.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles } from '../lab-spec.ts';

/** A thousand BMCs take some seconds; more than this means that it hangs. */
const READY_MS_MAX = 60_000;
const LOG_TAIL_CHARACTERS = 1_500;

export const startDaemon = async (directory: string, clock: Clock): Promise<void> => {
  const files = labFiles(directory);
  const log = openSync(files.daemonLog, 'a', 0o600);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), directory], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  if (child.pid !== undefined) trackProcess(child.pid, files.daemonPid);
  const outcome = await new Promise<'ready' | 'ended' | 'late'>((resolve) => {
    const cancel = clock.after(READY_MS_MAX, () => resolve('late'));
    child.once('message', () => {
      cancel();
      resolve('ready');
    });
    child.once('exit', () => {
      cancel();
      resolve('ended');
    });
  });
  if (outcome === 'ready') {
    child.disconnect();
    child.unref();
    return;
  }
  if (outcome === 'late') child.kill('SIGKILL');
  const text = await readFile(files.daemonLog, 'utf8');
  throw new LabFailure(`the lab did not start:\n${text.slice(-LOG_TAIL_CHARACTERS)}`);
};
