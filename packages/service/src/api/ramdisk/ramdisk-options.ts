// What the listener for ramdisks works with.

import type { Conductor } from '#conductor/conductor';
import type { Log } from '#observe/log';

export type RamdiskParts = {
  readonly conductor: Pick<Conductor, 'lookup' | 'heartbeat' | 'continueInspection'>;
  readonly log: Log;
  /** `[api] disable_agent_api`: 403 instead of lookup, heartbeat and inspection. */
  readonly isDisabled: boolean;
  readonly publicEndpoint: string | undefined;
};
