// `lab medium`: a boot medium in the drive of a machine, past its BMC: as somebody who stands in front of it.

import { resolve } from 'node:path';
import { callLab } from '../daemon/control-client.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles } from '../lab-spec.ts';
import { print, printJson, type Command } from './command.ts';
import { LAB_OPTIONS_HELP, parseMachineWords, requireMachine } from './lab-options.ts';

const NOTHING = 'none';

export const mediumCommand: Command = {
  name: 'medium',
  usage: `MACHINE FILE|${NOTHING}`,
  summary: "put a boot medium into a machine's drive, past its BMC",
  help: `The next start of the machine boots from FILE; it stays in the drive until "${NOTHING}".

${LAB_OPTIONS_HELP}`,
  run: async (args) => {
    const { values, positionals } = parseMachineWords(args);
    const [name, file] = positionals;
    if (file === undefined) throw new LabFailure(`which file, or "${NOTHING}"?`);
    const { spec } = await requireMachine(values, name);
    const { control } = labFiles(spec.directory);
    const path = file === NOTHING ? null : resolve(file);
    const status = await callLab(control, `/machines/${name}/medium`, { path });
    if (values.json === true) printJson(status);
    else print(path ?? NOTHING);
    return 0;
  },
};
