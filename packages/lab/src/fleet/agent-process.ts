// The real agent as a process: what runs in a simulated machine after it was started from virtual media.

import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure } from '../lab-failure.ts';
import { trackProcess } from '../host/tracked-process.ts';

/** What the agent's exit says about the machine. */
export type AgentEnd = 'power-off' | 'reboot' | 'crash';

export type AgentProcess = {
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<{ readonly end: AgentEnd; readonly text: string }>;
  readonly signal: (signal: 'SIGTERM' | 'SIGKILL') => void;
};

const REBOOT_STATUS = 77;

/** Pid file of the agent, beside the directory that it is given. */
export const AGENT_PID_FILE = 'agent.pid';

export type AgentStart = {
  /** Program and first arguments; `--simulated DIR` is added. */
  readonly program: readonly string[];
  readonly machineDirectory: string;
  readonly simulatedDirectory: string;
  readonly serialLog: string;
};

export const startAgent = (start: AgentStart): AgentProcess => {
  const [program, ...args] = start.program;
  if (program === undefined) throw new LabFailure('no agent program is configured');
  const pidFile = join(start.machineDirectory, AGENT_PID_FILE);
  const serial = openSync(start.serialLog, 'a', 0o600);
  const child = spawn(program, [...args, '--simulated', start.simulatedDirectory], {
    cwd: start.simulatedDirectory,
    stdio: ['ignore', serial, serial],
    // A machine does not inherit the host's environment.
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...(process.env['NODE_COMPILE_CACHE'] === undefined
        ? {}
        : { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }),
    },
  });
  closeSync(serial);
  if (child.pid !== undefined) trackProcess(child.pid, pidFile);
  const ended = new Promise<{ end: AgentEnd; text: string }>((resolve) => {
    child.once('error', (error) => resolve({ end: 'crash', text: error.message }));
    child.once('exit', (status, signal) => {
      rmSync(pidFile, { force: true });
      resolve({ end: endOf(status), text: signal ?? `status ${status}` });
    });
  });
  return {
    ended,
    signal: (signal) => {
      child.kill(signal);
    },
  };
};

const endOf = (status: number | null): AgentEnd => {
  if (status === 0) return 'power-off';
  return status === REBOOT_STATUS ? 'reboot' : 'crash';
};
