// Stores from before driver_info was kept without its secrets: they are sealed at the first start, once.

import type { Log } from '#observe/log';
import type { Store } from '#store/database';
import { nodesWithClearSecrets, sealDriverInfo } from '#store/old-secrets';
import { keepDriverInfo } from '#trust/driver-secrets';
import type { KeyRing } from '#trust/key-ring';

export const sealOldSecrets = async (store: Store, keys: KeyRing, log: Log): Promise<void> => {
  let sealed = 0;
  for await (const { uuid, driverInfo, text } of nodesWithClearSecrets(store.db)) {
    const kept = keepDriverInfo(keys, uuid, driverInfo);
    if (await sealDriverInfo(store.db, uuid, text, kept)) sealed += 1;
  }
  if (sealed === 0) return;
  // What SQLite deleted stays in free pages of the file and in its log until both are written anew.
  store.sqlite?.exec('vacuum');
  store.sqlite?.exec('pragma wal_checkpoint(truncate)');
  log.info({ nodes: sealed }, 'secrets in driver_info were sealed');
};
