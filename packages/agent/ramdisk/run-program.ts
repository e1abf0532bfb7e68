// Runs a program of the build host to its end: an argument vector, no shell, a time limit.

import { execFile } from 'node:child_process';
import { RamdiskFailure } from './ramdisk-failure.ts';

/** The slowest one downloads packages: 200 MB at 1 MB/s and then some. */
const PROGRAM_MS_MAX = 600_000;
const OUTPUT_BYTES_MAX = 16 * 1024 ** 2;
/** 2024-01-01: every time stamp in what is built. */
export const BUILD_EPOCH_SECONDS = 1_704_067_200;

export const runProgram = (program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      SOURCE_DATE_EPOCH: String(BUILD_EPOCH_SECONDS),
      LC_ALL: 'C',
      TZ: 'UTC',
    };
    execFile(
      program,
      [...args],
      { timeout: PROGRAM_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8', env },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
          return;
        }
        const why = stderr.trim() === '' ? error.message : stderr.trim().slice(-2_000);
        reject(new RamdiskFailure(`${program} failed: ${why}`, { cause: error }));
      },
    );
  });
