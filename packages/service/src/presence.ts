// A conductor's row: online from the start, renewed while running, offline after a clean stop. What is not renewed
// for `heartbeat_timeout` is not alive.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';
import { registerConductor, touchConductor } from '#store/conductors';
import type { Store } from '#store/database';

export type PresenceParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostname: string;
  readonly drivers: readonly string[];
  readonly intervalMs: number;
};

/** The returned function says that the conductor is gone. */
export const startPresence = async (parts: PresenceParts): Promise<() => Promise<void>> => {
  const { store, clock, log, hostname } = parts;
  await registerConductor(
    store.db,
    { hostname, conductorGroup: '', drivers: parts.drivers },
    { nowMs: clock.wallMs() },
  );
  let cancel: () => void = () => undefined;
  const renew = (): void => {
    cancel = clock.after(parts.intervalMs, () => {
      touchConductor(store.db, hostname, { nowMs: clock.wallMs(), isOnline: true })
        .catch((error: unknown) => log.warn({ err: error }, 'could not renew the conductor row'))
        .finally(renew);
    });
  };
  renew();
  return async () => {
    cancel();
    await touchConductor(store.db, hostname, { nowMs: clock.wallMs(), isOnline: false });
  };
};
