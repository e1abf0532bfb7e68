// Lab machines for a test: `./bessemer lab up` in a folder of its own, taken down at the end.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { BESSEMER, makeDirectory, removeDirectory } from './service.ts';

const run = promisify(execFile);

/** What `lab up --json` says of each machine, as far as tests use it. */
export type LabMachine = {
  readonly name: string;
  readonly mac: string;
  readonly uuid: string;
  readonly serial: string;
  readonly address: string;
  readonly serial_log: string;
  /** What the service is told to boot it with; null for emulated machines, which boot the real ramdisk. */
  readonly deploy_iso: string | null;
  readonly driver: 'redfish' | 'ipmi';
  readonly driver_info: { readonly [key: string]: string };
  readonly network_data: { readonly [key: string]: unknown };
  readonly disks: readonly { readonly path: string; readonly sizeBytes: number }[];
};

export type Lab = {
  readonly directory: string;
  readonly machines: readonly LabMachine[];
  readonly command: (...args: readonly string[]) => Promise<string>;
  readonly down: () => Promise<void>;
};

const LAB_OUTPUT_BYTES_MAX = 1 << 24;

let labsMade = 0;

export const labUp = async (...args: readonly string[]): Promise<Lab> => {
  const parent = await makeDirectory();
  const directory = join(parent, 'lab');
  labsMade += 1;
  const name = `test${process.pid}x${labsMade}`;
  const command = async (...words: readonly string[]): Promise<string> => {
    const options = { maxBuffer: LAB_OUTPUT_BYTES_MAX };
    const { stdout } = await run(
      BESSEMER,
      ['lab', ...words, '--dir', directory, '--name', name],
      options,
    );
    return stdout;
  };
  const described = JSON.parse(await command('up', '--json', ...args)) as {
    readonly machines: readonly LabMachine[];
  };
  return {
    directory,
    machines: described.machines,
    command,
    down: async () => {
      await command('down');
      await removeDirectory(parent);
    },
  };
};
