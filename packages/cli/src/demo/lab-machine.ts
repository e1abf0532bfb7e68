// The demo's machine, through `./bessemer lab` only: as somebody who stands in front of it.

import { readFileSync } from 'node:fs';

import { isJsonObject } from '@bessemer/protocol/json';

import { CliFailure } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';
import { type LabMachine, readLabMachines } from '../node/enrol.ts';
import { requireBessemer, runBessemer, tailOf } from './child-process.ts';

export type DemoLab = {
  readonly machine: LabMachine;
  readonly serialLog: string;
  readonly plantMarker: (text: string) => Promise<void>;
  /** Reads every byte of the machine's disks. */
  readonly hasMarker: (text: string) => Promise<boolean>;
  readonly down: () => Promise<void>;
};

export type LabPlace = {
  readonly directory: string;
  readonly name: string;
  readonly logPath: string;
  readonly signal: AbortSignal;
};

const FOUND_NONE_STATUS = 1;

export const startLab = async (args: readonly string[], place: LabPlace): Promise<DemoLab> => {
  const where = ['--dir', place.directory, '--name', place.name];
  const { logPath, signal } = place;
  const down = async (): Promise<void> => {
    await requireBessemer(['lab', 'down', ...where], { logPath });
  };
  let text: string;
  try {
    const words = ['lab', 'up', '--json', ...where, ...args];
    text = await requireBessemer(words, { logPath, signal });
  } catch (error) {
    // What was half made is cleared away; that it could not be made is what counts.
    await runBessemer(['lab', 'down', ...where], { logPath });
    throw error;
  }
  const [machine] = readLabMachines('lab up', text);
  const described: unknown = JSON.parse(text);
  const first: unknown =
    isJsonObject(described) && Array.isArray(described['machines'])
      ? described['machines'][0]
      : undefined;
  const serialLog = isJsonObject(first) ? first['serial_log'] : undefined;
  if (machine === undefined || typeof serialLog !== 'string') {
    throw new CliFailure('failed', 'lab up described no machine with a serial log');
  }
  return {
    machine,
    serialLog,
    plantMarker: async (marker) => {
      const words = ['lab', 'plant-marker', machine.name, marker, ...where];
      await requireBessemer(words, { logPath, signal });
    },
    hasMarker: async (marker) => {
      const words = ['lab', 'find-marker', machine.name, marker, ...where];
      const { status } = await runBessemer(words, { logPath, signal });
      if (status !== 0 && status !== FOUND_NONE_STATUS) {
        throw new CliFailure('failed', `lab find-marker ended with ${status}: ${tailOf(logPath)}`);
      }
      return status === 0;
    },
    down,
  };
};

const LOOK_MS = 200;

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};

/** Waits until the console, after `fromCharacters`, showed `pattern`; returns that line. */
export const waitForConsole = async (
  path: string,
  pattern: RegExp,
  options: {
    readonly fromCharacters: number;
    readonly limitMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<string> => {
  const { clock, signal } = options;
  const untilMs = clock.monotonicMs() + options.limitMs;
  for (;;) {
    const text = readIfThere(path).slice(options.fromCharacters);
    const line = text.split(/\r?\n/).find((each) => pattern.test(each));
    if (line !== undefined) return line.trim();
    if (signal.aborted) throw new CliFailure('interrupted', 'interrupted');
    if (clock.monotonicMs() > untilMs) {
      throw new CliFailure('failed', `the console ${path} did not show ${String(pattern)} in time`);
    }
    await clock.pause(LOOK_MS, signal);
  }
};

export const consoleLength = (path: string): number => readIfThere(path).length;
