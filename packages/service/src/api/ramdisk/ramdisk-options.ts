// What the listener for ramdisks works with.

import type { Conductor } from '#conductor/conductor';
import type { Log } from '#observe/log';
import type { Metrics } from '#observe/metrics';

export type RamdiskParts = {
  readonly conductor: Pick<Conductor, 'lookup' | 'heartbeat' | 'continueInspection'>;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** `[api] disable_agent_api`: 403 instead of lookup, heartbeat and inspection. */
  readonly isDisabled: boolean;
  readonly publicEndpoint: string | undefined;
};
