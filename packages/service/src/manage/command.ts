// What the commands for the operator of a service share: they work on its data directory, whether it runs or not.

import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { type DataDirectory, openDataDirectory } from '#config/data-directory';
import { loadConfig } from '#config/load';
import type { Settings } from '#config/schema';
import { openStore, type Store } from '#store/database';

/** The command line cannot be used; the text says what would be right. */
export class UsageInvalid extends Error {}

export type Print = (line: string) => void;

/** Resolves with the exit code: 0 fine, 1 not fine. */
export type Command = (args: readonly string[], print: Print) => Promise<number>;

/** Options that each command takes. */
export const DATA_OPTIONS = {
  data: { type: 'string' },
  config: { type: 'string' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

export const DATA_OPTIONS_HELP = `  --data DIR                 data directory of the service
  --config FILE, --set section.key=value
                             as for "bessemer serve"; needed when the store is PostgreSQL
`;

type DataValues = {
  readonly data?: string | undefined;
  readonly config?: string | undefined;
  readonly set: readonly string[];
};

export type OpenData = {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly store: Store;
};

/** Never makes a data directory: a mistyped path is told and not filled. Throws UsageInvalid. */
export const withData = async <T>(
  values: DataValues,
  work: (data: OpenData) => Promise<T>,
): Promise<T> => {
  if (values.data === undefined) throw new UsageInvalid('--data DIR is needed');
  const { settings } = await loadConfig({
    file: values.config,
    environment: process.env,
    overrides: values.set,
  });
  const { connection } = settings.database;
  const needed = connection === null ? ['keys', 'bessemer.sqlite'] : ['keys'];
  for (const name of needed) {
    // Before anything is opened: opening a directory takes away everybody else's rights to it.
    await access(join(values.data, name)).catch(() => {
      throw new UsageInvalid(`${values.data} is not the data directory of a service: no ${name}`);
    });
  }
  const directory = await openDataDirectory(values.data);
  const store = await openStore(
    connection === null
      ? { engine: 'sqlite', path: directory.store }
      : { engine: 'postgres', url: connection },
  );
  try {
    return await work({ directory, settings, store });
  } finally {
    await store.close();
  }
};
