// The store and the keys of a service that is not running, to be filled before it starts.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { openStore, type Store } from '../packages/service/src/store/database.ts';
import { type KeyRing, openKeyRing } from '../packages/service/src/trust/key-ring.ts';

export const openBenchStore = async (
  directory: string,
): Promise<{ readonly store: Store; readonly keys: KeyRing }> => {
  const data = join(directory, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  return {
    store: await openStore({ engine: 'sqlite', path: join(data, 'bessemer.sqlite') }),
    keys: await openKeyRing(join(data, 'keys')),
  };
};
