// Runs one of the programs that images are built with; like the lab's own, but with more time and with fixed
// time stamps.

import { execFile } from 'node:child_process';
import { LabFailure } from '../lab-failure.ts';

/** The slowest one downloads and configures a whole system. */
const PROGRAM_MS_MAX = 900_000;
const OUTPUT_BYTES_MAX = 16 * 1024 ** 2;
/** 2024-01-01 */
export const IMAGE_EPOCH_SECONDS = 1_704_067_200;

export const runImageProgram = (
  program: string,
  args: readonly string[],
  options: { readonly directory?: string; readonly input?: string } = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      SOURCE_DATE_EPOCH: String(IMAGE_EPOCH_SECONDS),
      DEBIAN_FRONTEND: 'noninteractive',
      LC_ALL: 'C',
    };
    const limits = {
      timeout: PROGRAM_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
      encoding: 'utf8',
    } as const;
    const place = options.directory === undefined ? {} : { cwd: options.directory };
    const child = execFile(
      program,
      [...args],
      { ...limits, ...place, env },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
          return;
        }
        const why =
          'code' in error && error.code === 'ENOENT'
            ? `${program} is not installed; \`npm run demo\` installs what the lab needs`
            : `${program} failed: ${(stderr.trim() || error.message).slice(-2_000)}`;
        reject(new LabFailure(why, { cause: error }));
      },
    );
    // A program that ends before it has read everything says why by its status.
    child.stdin?.on('error', () => child.kill());
    child.stdin?.end(options.input);
  });
