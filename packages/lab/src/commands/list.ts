// `lab list`: which labs there are, and what their machines do.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { AGENT_PID_FILE } from '#fleet/agent-process';
import { callLab } from '../daemon/control-client.ts';
import { findTracked } from '../host/tracked-process.ts';
import { labFiles, type LabSpec, type MachineSpec } from '../lab-spec.ts';
import { QEMU_PID_FILE } from '../qemu/qemu-machine.ts';
import { print, printJson, type Command } from './command.ts';
import { findLabs, LAB_OPTIONS } from './lab-options.ts';

export const listCommand: Command = {
  name: 'list',
  usage: '[--json]',
  summary: 'which labs there are and what their machines do',
  help: `Shows every lab in the cache, or the one of --name or --dir: its machines, their power as it really is, and the
faults that are switched on. With --json also what each BMC was asked: requests, logins, wrong passwords, resets.

  --name N, --dir DIR    only this lab
  --json`,
  run: async (args) => {
    const { values } = parseArgs({ args: [...args], options: LAB_OPTIONS, strict: true });
    const labs = await Promise.all((await findLabs(values)).map(statusOf));
    if (values.json === true) printJson(labs);
    else if (labs.length === 0) print('there is no lab');
    else for (const lab of labs) printLab(lab);
    return 0;
  },
};

const statusOf = async (spec: LabSpec): Promise<JsonObject> => {
  const files = labFiles(spec.directory);
  const isUp = findTracked(files.daemonPid) !== undefined;
  return {
    name: spec.name,
    kind: spec.kind,
    directory: spec.directory,
    up: isUp,
    machines: isUp ? await callLab(files.control, '/machines') : spec.machines.map(orphanStatus),
  };
};

/** A machine may outlive the process of its lab; `lab down` ends it then. */
const orphanStatus = ({ facts, directory }: MachineSpec): JsonObject => {
  const pidFiles = [QEMU_PID_FILE, AGENT_PID_FILE].map((name) => join(directory, name));
  const isOn = pidFiles.some((pidFile) => findTracked(pidFile) !== undefined);
  return { name: facts.name, power: isOn ? 'on' : 'off' };
};

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const printLab = (lab: JsonObject): void => {
  print(
    `${text(lab['name'])}  ${text(lab['kind'])}  ${lab['up'] === true ? 'up' : 'down'}  ${text(lab['directory'])}`,
  );
  const machines = Array.isArray(lab['machines']) ? lab['machines'].filter(isJsonObject) : [];
  for (const machine of machines) {
    const faults = isJsonObject(machine['faults']) ? Object.keys(machine['faults']) : [];
    const suffix = faults.length === 0 ? '' : `  faults: ${faults.join(', ')}`;
    print(`  ${text(machine['name'])}  ${text(machine['power'])}${suffix}`);
  }
};
