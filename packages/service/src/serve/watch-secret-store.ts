// Looks now and then whether the secret store answers, and tells when that changes. What it is asked with renews the token
// of the service on the way.

import type { Clock } from '#clock';
import type { TrustEvent } from '#conductor/trust-events';
import type { Log } from '#observe/log';
import type { SecretStore, SecretStoreHealth } from '#trust/secret-store/secret-store';

type Parts = {
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Log, 'error'>;
  readonly note: (event: TrustEvent) => Promise<void>;
  readonly intervalMs: number;
};

export type SecretStoreWatch = {
  /** As it was found last; undefined before the first answer. */
  readonly health: () => SecretStoreHealth | undefined;
  readonly stop: () => void;
};

const eventOf = (store: SecretStore, health: SecretStoreHealth): TrustEvent => {
  const { kind } = store;
  if (health.state === 'ready') {
    return { name: 'bmc.store.up', outcome: 'changed', detail: { store: kind } };
  }
  const { code, message } = health.failure;
  const detail = { store: kind, reason: health.state, code, text: message };
  return { name: 'bmc.store.down', outcome: 'changed', detail, text: message };
};

/** The first look is at once, and not waited for. */
export const watchSecretStore = (store: SecretStore, parts: Parts): SecretStoreWatch => {
  const { clock, log, note, intervalMs } = parts;
  let found: SecretStoreHealth | undefined;
  /** That it is ready needs no telling at first. */
  let told: SecretStoreHealth['state'] = 'ready';
  let isStopped = false;
  let cancel: () => void = () => undefined;

  const look = async (): Promise<void> => {
    found = await store.health();
    if (isStopped || found.state === told) return;
    // Told again at the next look when it cannot be written down: the database may be away with the store.
    await note(eventOf(store, found));
    told = found.state;
  };
  const lookOn = (): void => {
    look()
      .catch((error: unknown) => log.error({ err: error }, 'could not look after the secret store'))
      .finally(() => {
        if (!isStopped) cancel = clock.after(intervalMs, lookOn);
      });
  };
  lookOn();
  return {
    health: () => found,
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
};
