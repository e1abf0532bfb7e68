// Runs Debian's `openstack` as a person would, with nothing of the environment that says who to be.

import { execFile } from 'node:child_process';

/** The client retries and polls by itself; a command that takes longer than this hangs. */
const COMMAND_MS_MAX = 120_000;

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

type Environment = { readonly [name: string]: string };

/** `program`: `openstack`, or another of Debian's clients that takes the same variables. */
export const runProgram = (
  program: string,
  environment: Environment,
  args: readonly string[],
): Promise<Ran> =>
  new Promise((resolve) => {
    const { OS_CLOUD: _cloud, ...inherited } = process.env;
    const options = { env: { ...inherited, ...environment }, timeout: COMMAND_MS_MAX };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });

export const openstack = (environment: Environment, args: readonly string[]): Promise<Ran> =>
  runProgram('openstack', environment, args);
