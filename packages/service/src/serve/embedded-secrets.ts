// The embedded secret store on the database of the service.

import type { Clock } from '#clock';
import type { Store } from '#store/database';
import { Conflict, isStoreUnavailable } from '#store/errors';
import {
  destroySecret,
  findSecretByWrite,
  insertSecret,
  listSecretNodes,
  listSecrets,
  sampleSecrets,
} from '#store/secrets';
import type { KeyRing } from '#trust/key-ring';
import { makeEmbeddedSecretStore, type SecretRows } from '#trust/secret-store/embedded';
import type { SecretStore } from '#trust/secret-store/secret-store';

export const secretRows = (store: Store): SecretRows => ({
  insert: async (row) => {
    try {
      // As a transaction it shares its commit with others; by itself it would hold all of them up for a flush of the disk.
      await store.transaction((transaction) => insertSecret(transaction, row));
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  },
  findWrite: (place, writeId) => findSecretByWrite(store.db, place, writeId),
  list: (nodeUuid) => listSecrets(store.db, nodeUuid),
  listNodes: (after, limit) => listSecretNodes(store.db, after, limit),
  destroy: (version) => destroySecret(store, version),
  sample: () => sampleSecrets(store.db),
  isUnavailable: isStoreUnavailable,
});

export const openEmbeddedSecrets = (store: Store, keys: KeyRing, clock: Clock): SecretStore =>
  makeEmbeddedSecretStore({ rows: secretRows(store), keys, clock });
