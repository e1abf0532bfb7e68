// `lab plant-marker` and `lab find-marker`: proof, from outside of the machine, that a disk was erased.

import { parseArgs } from 'node:util';
import { isJsonObject } from '@bessemer/protocol/json';
import { callLab } from '../daemon/control-client.ts';
import { findMarker, plantMarker } from '../disk-marker.ts';
import { findTracked } from '../host/tracked-process.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles, type LabSpec, type MachineSpec } from '../lab-spec.ts';
import { print, printJson, type Command } from './command.ts';
import { LAB_OPTIONS, LAB_OPTIONS_HELP, requireMachine } from './lab-options.ts';

const FOUND_NONE_STATUS = 1;

export const plantMarkerCommand: Command = {
  name: 'plant-marker',
  usage: 'MACHINE TEXT',
  summary: "write a text onto a machine's disks, behind everything's back",
  help: `Writes TEXT (8 to 256 characters) at three places of every disk of a machine that is off. Later \`find-marker\` shows
whether anything of it is left.

${LAB_OPTIONS_HELP}
  --json       which disks`,
  run: async (args) => {
    const { spec, machine, text, asJson } = await parse(args);
    if (await isOn(spec, machine)) {
      throw new LabFailure(`${machine.facts.name} is on: its disks must not change under it`);
    }
    report(machine, 'planted', await plantMarker(machine.disks, text), asJson);
    return 0;
  },
};

export const findMarkerCommand: Command = {
  name: 'find-marker',
  usage: 'MACHINE TEXT',
  summary: "look for a text on a machine's disks",
  help: `Reads every byte of the machine's disks and looks for TEXT. Ends with status 0 when it is there and with 1 when it
is nowhere, as grep does.

${LAB_OPTIONS_HELP}
  --json       which disks`,
  run: async (args) => {
    const { machine, text, asJson } = await parse(args);
    const disks = await findMarker(machine.disks, text);
    report(machine, 'found', disks, asJson);
    return disks.length === 0 ? FOUND_NONE_STATUS : 0;
  },
};

const parse = async (
  args: readonly string[],
): Promise<{ spec: LabSpec; machine: MachineSpec; text: string; asJson: boolean }> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: LAB_OPTIONS,
    allowPositionals: true,
    strict: true,
  });
  const [name, text] = positionals;
  if (text === undefined) throw new LabFailure('write MACHINE TEXT');
  return { ...(await requireMachine(values, name)), text, asJson: values.json === true };
};

const isOn = async (spec: LabSpec, machine: MachineSpec): Promise<boolean> => {
  const files = labFiles(spec.directory);
  if (findTracked(files.daemonPid) === undefined) return false;
  const status = await callLab(files.control, `/machines/${machine.facts.name}`);
  return isJsonObject(status) && status['power'] === 'on';
};

const report = (
  machine: MachineSpec,
  verb: string,
  disks: readonly string[],
  asJson: boolean,
): void => {
  if (asJson) {
    printJson({ machine: machine.facts.name, disks: [...new Set(disks)] });
    return;
  }
  const places = disks.length === 0 ? 'nowhere' : `on ${[...new Set(disks)].join(', ')}`;
  print(`${machine.facts.name}: ${verb} ${places}`);
};
