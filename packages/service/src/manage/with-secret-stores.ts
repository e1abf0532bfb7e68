// Commands of the operator that work on secret stores, which need not answer.

import { systemClock } from '#clock';
import { openKeyRing } from '#trust/key-ring';
import type { SecretStore, SecretStoreKind } from '#trust/secret-store/secret-store';
import { troubleOf } from '#trust/secret-store/store-failure';

import { openSecretStore } from '../serve/open-secret-store.ts';
import type { OpenData, Print } from './command.ts';

/** That of the configuration when no other is named. */
export type OpenSecrets = (kind?: SecretStoreKind) => Promise<SecretStore>;

/** Runs `work` with stores that are closed after it; what a store does not let it do is told in one line. */
export const withSecretStores = async (
  { directory, settings, store }: OpenData,
  print: Print,
  work: (open: OpenSecrets) => Promise<number>,
): Promise<number> => {
  const opened: SecretStore[] = [];
  const keys = await openKeyRing(directory.keys);
  try {
    return await work(async (kind) => {
      const found = await openSecretStore(settings, { store, keys, clock: systemClock }, kind);
      opened.push(found);
      return found;
    });
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    print(`stopped: ${(error as Error).message} [secret-store.${trouble}]`);
    print('nothing is lost; run it again when the store can be used');
    return 1;
  } finally {
    for (const each of opened) await each.close();
  }
};
