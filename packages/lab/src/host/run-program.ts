// The only place where the lab runs a program to its end. No shell: an argument vector, a time limit and a
// bound on the output.

import { execFile } from 'node:child_process';
import { LabFailure } from '../lab-failure.ts';

const PROGRAM_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 ** 2;

export const runProgram = (
  program: string,
  args: readonly string[],
  options: {
    readonly timeoutMs?: number;
    /** Exit statuses besides 0 that are answers, not errors. */
    readonly acceptedStatuses?: readonly number[];
  } = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      {
        timeout: options.timeoutMs ?? PROGRAM_MS_MAX,
        maxBuffer: OUTPUT_BYTES_MAX,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        const isAccepted =
          typeof error?.code === 'number' &&
          options.acceptedStatuses?.includes(error.code) === true;
        if (error === null || isAccepted) {
          resolve(stdout);
          return;
        }
        const isMissing = 'code' in error && error.code === 'ENOENT';
        const why = isMissing
          ? `${program} is not installed; \`npm run demo\` installs what the lab needs`
          : `${program} ${args.join(' ')}: ${stderr.trim() === '' ? error.message : stderr.trim()}`;
        reject(new LabFailure(why, { cause: error }));
      },
    );
  });
