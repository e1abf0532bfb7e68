// A boot host apart from the service: a process and a data directory of its own, paired by a file.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { BESSEMER } from './service.ts';

const run = promisify(execFile);

export type BootHostPlace = {
  /** Its data directory; made when it is paired. */
  readonly data: string;
  /** `127.0.0.1:PORT` each. */
  readonly control: string;
  readonly http: string;
};

/** Settings of the service that go with it. */
export const bootHostSettings = ({ control }: BootHostPlace): readonly string[] => [
  `netboot.boot_host=https://${control}`,
];

/** `serviceDirectory` is the one that `startService` was given; the service has been started in it before. */
export const pairBootHost = async (
  place: BootHostPlace,
  serviceDirectory: string,
): Promise<void> => {
  await mkdir(place.data);
  await run(BESSEMER, [
    'boot-host',
    'init',
    `--data=${join(serviceDirectory, 'data')}`,
    '--host=127.0.0.1',
    `--out=${join(place.data, 'pairing.pem')}`,
  ]);
};

export type RunningBootHost = { readonly end: (signal: NodeJS.Signals) => Promise<void> };

export const startBootHost = async (place: BootHostPlace): Promise<RunningBootHost> => {
  const child: ChildProcess = spawn(
    BESSEMER,
    [
      'serve',
      '--roles=boot',
      `--data=${place.data}`,
      `--boot-control-listen=${place.control}`,
      `--set=netboot.http_listen=${place.http}`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const [line] = await Promise.race([
    once(lines, 'line'),
    ended.then(([code]) => [`it ended with ${code}`]),
  ]);
  assert.equal(line, `ready https://${place.control}`);
  return {
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
};
