// `lab fault`: makes a BMC misbehave while it runs.

import { parseArgs } from 'node:util';
import { FAULTS } from '#bmc/faults';
import { callLab } from '../daemon/control-client.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles } from '../lab-spec.ts';
import { print, printJson, type Command } from './command.ts';
import { LAB_OPTIONS, LAB_OPTIONS_HELP, requireMachine } from './lab-options.ts';

const FAULTS_HELP = Object.entries(FAULTS)
  .map(([name, { value, text }]) => `  ${name.padEnd(18)} ${text} (${value})`)
  .join('\n');

export const faultCommand: Command = {
  name: 'fault',
  usage: 'MACHINE FAULT on|off [--value N]',
  summary: 'make a BMC misbehave',
  help: `Switches a fault of a machine's BMC on or off, at once. In brackets: the value without --value.

${FAULTS_HELP}

\`lost-sessions\` keeps losing sessions; \`lab fault MACHINE drop-sessions\` forgets those that there are, once.

${LAB_OPTIONS_HELP}
  --value N    see above`,
  run: async (args) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...LAB_OPTIONS, value: { type: 'string' } },
      allowPositionals: true,
      strict: true,
    });
    const [name, fault, state = 'on'] = positionals;
    if (name === undefined || fault === undefined || (state !== 'on' && state !== 'off')) {
      throw new LabFailure('write `lab fault MACHINE FAULT on|off`; --help lists the faults');
    }
    const { spec } = await requireMachine(values, name);
    const { control } = labFiles(spec.directory);
    const answer =
      fault === 'drop-sessions'
        ? await callLab(control, `/machines/${name}/drop-sessions`, {})
        : await callLab(control, `/machines/${name}/fault`, {
            fault,
            on: state === 'on',
            value: values.value === undefined ? null : valueOf(values.value),
          });
    if (values.json === true) printJson(answer);
    else print(`${name}: ${fault} is ${state}`);
    return 0;
  },
};

const valueOf = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new LabFailure('--value must be a number');
  return value;
};
