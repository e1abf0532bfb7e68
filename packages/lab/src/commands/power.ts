// `lab power`: the machine's power, past its BMC: as somebody who stands in front of it.

import { isJsonObject } from '@bessemer/protocol/json';
import { callLab } from '../daemon/control-client.ts';
import { labFiles } from '../lab-spec.ts';
import { print, printJson, type Command } from './command.ts';
import { LAB_OPTIONS_HELP, parseMachineWords, requireMachine } from './lab-options.ts';

export const powerCommand: Command = {
  name: 'power',
  usage: 'MACHINE [on|off|reset|soft-off]',
  summary: "see or change a machine's power past its BMC",
  help: `Without an action it prints on or off, as it really is.

${LAB_OPTIONS_HELP}`,
  run: async (args) => {
    const { values, positionals } = parseMachineWords(args);
    const [name, action] = positionals;
    const { spec } = await requireMachine(values, name);
    const { control } = labFiles(spec.directory);
    const status =
      action === undefined
        ? await callLab(control, `/machines/${name}`)
        : await callLab(control, `/machines/${name}/power`, { action });
    if (values.json === true) printJson(status);
    else print(isJsonObject(status) && status['power'] === 'on' ? 'on' : 'off');
    return 0;
  },
};
