// The secret store as the service uses it: watched, and with a cache for those who read to log in.

import { type EventParts, makeEventNoter } from '#conductor/trust-events';
import type { Settings } from '#config/schema';
import { makeCachedSecretStore } from '#trust/secret-store/cached-store';
import type { SecretStore, SecretStoreHealth } from '#trust/secret-store/secret-store';

import { openSecretStore } from './open-secret-store.ts';
import { watchSecretStore } from './watch-secret-store.ts';

export type ServiceSecrets = {
  /** For rotations: what is read here is what the store has now. */
  readonly store: SecretStore;
  /** For logins: may be served from memory while the store is away. */
  readonly cached: SecretStore;
  /** As it was found last; undefined before the first answer. */
  readonly health: () => SecretStoreHealth | undefined;
  readonly close: () => Promise<void>;
};

const SECOND_MS = 1_000;

/** Throws ConfigInvalid. */
export const openServiceSecrets = async (
  settings: Settings,
  parts: EventParts,
): Promise<ServiceSecrets> => {
  const { clock, log } = parts;
  const { cache_ttl: ttl, cache_grace: grace, store_check_interval } = settings.bmc_credentials;
  const store = await openSecretStore(settings, parts);
  const options = { ttlMs: ttl * SECOND_MS, graceMs: grace * SECOND_MS };
  const cached = makeCachedSecretStore(store, options, clock);
  const watch = watchSecretStore(store, {
    clock,
    log,
    note: makeEventNoter(parts),
    intervalMs: store_check_interval * SECOND_MS,
  });
  return {
    store,
    cached,
    health: watch.health,
    close: async () => {
      watch.stop();
      await cached.close();
    },
  };
};
