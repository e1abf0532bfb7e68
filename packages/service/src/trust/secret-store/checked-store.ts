// No store is asked for a place whose name would lead elsewhere in its paths.

import { checkPlace, checkWrite, type SecretStore } from './secret-store.ts';

export const makeCheckedSecretStore = (store: SecretStore): SecretStore => ({
  ...store,
  put: async (write) => {
    checkWrite(write);
    return store.put(write);
  },
  get: async (place, version) => {
    checkPlace(place);
    return store.get(place, version);
  },
  getWrite: async (place, writeId) => {
    checkWrite({ place, writeId });
    return store.getWrite(place, writeId);
  },
  findWrite: async (place, writeId) => {
    checkWrite({ place, writeId });
    return store.findWrite(place, writeId);
  },
  list: async (nodeUuid) => {
    checkPlace({ nodeUuid, slot: 'a' });
    return store.list(nodeUuid);
  },
  destroy: async (place, version) => {
    checkPlace(place);
    return store.destroy(place, version);
  },
});
