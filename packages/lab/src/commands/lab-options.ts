// The options that say which lab is meant.

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '@bessemer/protocol/paths';
import { LabFailure } from '../lab-failure.ts';
import { readLabSpec, type LabSpec, type MachineSpec } from '../lab-spec.ts';

export const DEFAULT_LAB_NAME = 'lab';

export const LAB_OPTIONS = {
  name: { type: 'string' },
  dir: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
} as const;

export const LAB_OPTIONS_HELP = `  --name N     which lab (default: the one that has the machine; else ${DEFAULT_LAB_NAME})
  --dir DIR    where the lab is kept (default <cache>/lab/<name>)`;

export type LabChoice = { readonly name?: string | undefined; readonly dir?: string | undefined };

const labsDirectory = (): string => join(cacheDirectory(process.env), 'lab');

export const labDirectory = (choice: LabChoice): string =>
  choice.dir === undefined
    ? join(labsDirectory(), choice.name ?? DEFAULT_LAB_NAME)
    : resolve(choice.dir);

/** The words behind the options; the first is a machine. */
export const parseMachineWords = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: LAB_OPTIONS, allowPositionals: true, strict: true });

/** A machine of the lab that is named, or of whichever lab has one of that name. */
export const requireMachine = async (
  choice: LabChoice,
  machineName: string | undefined,
): Promise<{ readonly spec: LabSpec; readonly machine: MachineSpec }> => {
  if (machineName === undefined) {
    throw new LabFailure('which machine? see `./bessemer lab list`');
  }
  const labs = await findLabs(choice);
  for (const spec of labs) {
    const machine = spec.machines.find((each) => each.facts.name === machineName);
    if (machine !== undefined) return { spec, machine };
  }
  const names = labs.flatMap((lab) => lab.machines.map((machine) => machine.facts.name));
  throw new LabFailure(
    names.length === 0
      ? 'there is no lab here; make one with `./bessemer lab up`'
      : `there is no machine ${machineName}; there are ${names.slice(0, NAMES_SHOWN_MAX).join(', ')}`,
  );
};

const NAMES_SHOWN_MAX = 10;

/** All labs in the cache, or the one in `--dir`. */
export const findLabs = async (choice: LabChoice): Promise<readonly LabSpec[]> => {
  const directories =
    choice.dir === undefined && choice.name === undefined
      ? (await namesIn(labsDirectory())).map((name) => join(labsDirectory(), name))
      : [labDirectory(choice)];
  const specs = await Promise.all(directories.map((directory) => readLabSpec(directory)));
  return specs.filter((spec) => spec !== undefined);
};

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};
