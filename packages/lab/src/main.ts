// `./bessemer lab`: the command line of the lab.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from './commands/command.ts';
import { downCommand } from './commands/down.ts';
import { faultCommand } from './commands/fault.ts';
import { listCommand } from './commands/list.ts';
import { findMarkerCommand, plantMarkerCommand } from './commands/marker.ts';
import { mediumCommand } from './commands/medium.ts';
import { powerCommand } from './commands/power.ts';
import { serialCommand } from './commands/serial.ts';
import { upCommand } from './commands/up.ts';
import { LabFailure } from './lab-failure.ts';

const COMMANDS: readonly Command[] = [
  upCommand,
  downCommand,
  listCommand,
  serialCommand,
  powerCommand,
  mediumCommand,
  faultCommand,
  plantMarkerCommand,
  findMarkerCommand,
];

/** A program of its own: it shares nothing with running labs. */
const IMAGE_MAIN = join(import.meta.dirname, 'image/main.ts');

const runImage = (args: readonly string[]): number => {
  const { status } = spawnSync(process.execPath, [IMAGE_MAIN, ...args], { stdio: 'inherit' });
  return status ?? 1;
};

const overview = (): string =>
  [
    'Machines that do not exist, behind BMCs that answer like real ones.',
    '',
    ...COMMANDS.map((command) => `  lab ${command.name.padEnd(13)} ${command.summary}`),
    `  lab ${'image'.padEnd(13)} build the disk images that lab machines are deployed with`,
    '',
    '`./bessemer lab COMMAND --help` tells more.',
    '',
  ].join('\n');

const run = async (args: readonly string[]): Promise<number> => {
  const [name, ...rest] = args;
  if (name === 'image') return runImage(rest);
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    const isAsked = name === undefined || name === 'help' || name === '--help' || name === '-h';
    (isAsked ? process.stdout : process.stderr).write(overview());
    return isAsked ? 0 : 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(
      `./bessemer lab ${command.name} ${command.usage}\n\n${command.summary}\n\n${command.help}\n`,
    );
    return 0;
  }
  return command.run(rest);
};

const isUsageError = (error: unknown): error is Error =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

run(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    if (error instanceof LabFailure || isUsageError(error)) {
      process.stderr.write(`lab: ${error.message}\n`);
      process.exitCode = isUsageError(error) ? 2 : 1;
      return;
    }
    throw error;
  },
);
