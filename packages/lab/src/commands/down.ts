// `lab down`: ends a lab and clears it away.

import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { tearDown } from '../tear-down.ts';
import { print, type Command } from './command.ts';
import { findLabs, LAB_OPTIONS, LAB_OPTIONS_HELP, labDirectory } from './lab-options.ts';

export const downCommand: Command = {
  name: 'down',
  usage: '[--keep]',
  summary: 'end a lab and clear away all that it made',
  help: `Cuts the power of the lab's machines, ends its processes (only those that it started), removes its network when
no other lab uses it, and deletes its directory with all disks. A lab that is not there is fine.

${LAB_OPTIONS_HELP}
  --keep       leave disks, passwords and certificates: \`lab up\` starts the same machines again`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: { ...LAB_OPTIONS, keep: { type: 'boolean' } },
      strict: true,
    });
    const directory = labDirectory(values);
    const [spec] = await findLabs({ dir: directory });
    if (spec === undefined) {
      print(`there is no lab in ${directory}`);
      return 0;
    }
    await tearDown(spec, { clock: systemClock, areFilesKept: values.keep === true });
    print(`lab ${spec.name} is down`);
    return 0;
  },
};
