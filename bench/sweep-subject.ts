// The sweep under measurement: the service's own poller over a store, without its pacing.

import { systemClock } from '../packages/service/src/clock.ts';
import {
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '../packages/service/src/conductor/conductor-parts.ts';
import {
  makePollSink,
  makePollSource,
} from '../packages/service/src/conductor/poll/polled-nodes.ts';
import { makePoller, type SweepReport } from '../packages/service/src/conductor/poll/poller.ts';
import { makeLog } from '../packages/service/src/observe/log.ts';
import type { Store } from '../packages/service/src/store/database.ts';
import type { ConductorIdentity } from '../packages/service/src/trust/certificate/conductor-identity.ts';
import type { KeyRing } from '../packages/service/src/trust/key-ring.ts';

/** As the limit of the same run. */
export const POLLS_AT_ONCE = 16;

const INTERVAL_MS = 300_000;

export const makeSweep = (
  store: Store,
  keys: KeyRing,
  identity: ConductorIdentity,
): (() => Promise<SweepReport>) => {
  const log = makeLog({ level: 'silent' });
  const parts = {
    store,
    keys,
    clock: systemClock,
    log,
    options: DEFAULT_CONDUCTOR_OPTIONS,
  } as ConductorParts;
  const poller = makePoller({
    source: makePollSource(parts),
    sink: makePollSink(parts, () => undefined),
    identity,
    clock: systemClock,
    log,
    options: { intervalMs: INTERVAL_MS, pollsAtOnce: POLLS_AT_ONCE },
  });
  return () => poller.sweep({ seenUntilMs: Date.now(), limit: Infinity });
};
