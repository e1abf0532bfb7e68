// The options that say which lab is meant.

import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cacheDirectory } from '@bessemer/protocol/paths';
import { LabFailure } from '../lab-failure.ts';
import { readLabSpec, type LabSpec } from '../lab-spec.ts';

export const DEFAULT_LAB_NAME = 'lab';

export const LAB_OPTIONS = {
  name: { type: 'string' },
  dir: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
} as const;

export const LAB_OPTIONS_HELP = `  --name N     which lab (default ${DEFAULT_LAB_NAME})
  --dir DIR    where it is kept (default <cache>/lab/<name>)`;

export type LabChoice = { readonly name?: string | undefined; readonly dir?: string | undefined };

const labsDirectory = (): string => join(cacheDirectory(process.env), 'lab');

export const labDirectory = (choice: LabChoice): string =>
  choice.dir === undefined
    ? join(labsDirectory(), choice.name ?? DEFAULT_LAB_NAME)
    : resolve(choice.dir);

export const requireLab = async (choice: LabChoice): Promise<LabSpec> => {
  const directory = labDirectory(choice);
  const spec = await readLabSpec(directory);
  if (spec !== undefined) return spec;
  throw new LabFailure(`there is no lab in ${directory}; make one with \`./bessemer lab up\``);
};

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
