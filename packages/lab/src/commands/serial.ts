// `lab serial`: what a machine's console printed.

import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSerialLog } from '../describe-machine.ts';
import type { Command } from './command.ts';
import { LAB_OPTIONS, LAB_OPTIONS_HELP, requireMachine } from './lab-options.ts';

export const serialCommand: Command = {
  name: 'serial',
  usage: 'MACHINE [--follow]',
  summary: 'what the console of a machine printed',
  help: `${LAB_OPTIONS_HELP}
  --follow     go on with what is printed from now on, until interrupted`,
  run: async (args) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...LAB_OPTIONS, follow: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
    const { machine } = await requireMachine(values, positionals[0]);
    const seen = await readSerialLog(machine);
    process.stdout.write(seen);
    if (values.follow === true) {
      await follow(join(machine.directory, 'serial.log'), Buffer.byteLength(seen));
    }
    return 0;
  },
};

const follow = async (path: string, fromBytes: number): Promise<void> => {
  const file = await open(path, 'a+');
  const buffer = Buffer.alloc(64 * 1024);
  let offset = fromBytes;
  const drain = async (): Promise<void> => {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) return;
      process.stdout.write(buffer.toString('utf8', 0, bytesRead));
      offset += bytesRead;
    }
  };
  let draining = drain();
  watch(path, () => {
    draining = draining.then(drain);
  });
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await draining;
  await file.close();
  process.exit(0);
};
