// Debian's ipmi_sim as the BMC of an emulated machine: what the guest sets through its system interface is what
// consoles see over the network.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pause, type Clock } from '../../clock.ts';
import { endProcess, findTracked, trackProcess } from '../../host/tracked-process.ts';
import { LabFailure } from '../../lab-failure.ts';
import type { LabBmc } from '../lab-bmc.ts';
import { startKcsRelay } from './kcs-relay.ts';
import { simConfig, SIM_EMULATION, type SimConfig } from './sim-config.ts';

export type SimLabBmcOptions = Omit<SimConfig, 'chassisProgram'> & {
  readonly clock: Clock;
  /** The machine's. */
  readonly directory: string;
  /** Where the machine's system interface is plugged in. */
  readonly kcsSocket: string;
  /** Where the lab is asked for the power of the machine. */
  readonly controlSocket: string;
};

/** Pid file of ipmi_sim in the machine's directory. */
export const SIM_PID_FILE = 'ipmi-sim.pid';
const END_MS_MAX = 2_000;
/** Its start takes half a second; the rest is for a busy host. */
const START_MS_MAX = 30_000;
const START_LOOK_MS = 100;
/** A presence ping with tag 0 (ASF): answered without an account. */
const PING = Buffer.from('0600ff06000011be80000000', 'hex');
const CHASSIS_PROGRAM = join(import.meta.dirname, 'chassis-control.ts');

export const startSimLabBmc = async (options: SimLabBmcOptions): Promise<LabBmc> => {
  const { clock, directory } = options;
  const pidFile = join(directory, SIM_PID_FILE);
  const chassisProgram = join(directory, 'chassis-control');
  await endProcess(pidFile, { clock, graceMs: END_MS_MAX });
  await mkdir(join(directory, 'ipmi-state'), { recursive: true, mode: 0o700 });
  await writeFile(chassisProgram, chassisScript(options), { mode: 0o700 });
  const config = simConfig({ ...options, chassisProgram });
  await writeFile(join(directory, 'ipmi-sim.conf'), config, { mode: 0o600 });
  await writeFile(join(directory, 'ipmi-sim.emu'), SIM_EMULATION);
  await launch(directory, pidFile);
  try {
    await waitUntilItAnswers(options, pidFile);
    const relay = await startKcsRelay(options.kcsSocket, options.systemPort);
    return simBmc(async () => {
      await relay.close();
      await endProcess(pidFile, { clock, graceMs: END_MS_MAX });
    });
  } catch (error) {
    await endProcess(pidFile, { clock, graceMs: END_MS_MAX });
    throw error;
  }
};

/** It misbehaves by itself only, and counts nothing. */
const simBmc = (close: () => Promise<void>): LabBmc => ({
  faultNames: [],
  setFault: () => undefined,
  clearFault: () => undefined,
  faults: () => ({}),
  counters: () => ({}),
  dropSessions: () => undefined,
  close,
});

/** ipmi_sim takes a single path; blanks in it would end it. */
const chassisScript = ({ controlSocket, facts }: SimLabBmcOptions): string =>
  `#!/bin/sh\nexec ${[process.execPath, CHASSIS_PROGRAM, controlSocket, facts.name].map(quoted).join(' ')} "$@"\n`;

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

const launch = async (directory: string, pidFile: string): Promise<void> => {
  const log = openSync(join(directory, 'ipmi-sim.log'), 'a', 0o600);
  const args = ['-c', 'ipmi-sim.conf', '-f', 'ipmi-sim.emu', '-s', join(directory, 'ipmi-state')];
  const child = spawn('ipmi_sim', [...args, '-n'], {
    cwd: directory,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new LabFailure('ipmi_sim is not installed; the Debian package openipmi has it', {
      cause: error,
    });
  }
  if (child.pid !== undefined) trackProcess(child.pid, pidFile);
};

const waitUntilItAnswers = async (
  { clock, host, port, directory }: SimLabBmcOptions,
  pidFile: string,
): Promise<void> => {
  const socket = createSocket('udp4');
  // "Port closed": it is not there yet.
  socket.on('error', () => undefined);
  const answered = once(socket, 'message').then(() => true);
  const untilMs = clock.monotonicMs() + START_MS_MAX;
  const look = (): Promise<boolean> => {
    socket.send(PING, port, host);
    return Promise.race([answered, pause(clock, START_LOOK_MS).then(() => false)]);
  };
  try {
    while (!(await look())) {
      if (findTracked(pidFile) === undefined || clock.monotonicMs() > untilMs) {
        throw new LabFailure(`ipmi_sim does not start; see ${join(directory, 'ipmi-sim.log')}`);
      }
    }
  } finally {
    socket.close();
  }
};
