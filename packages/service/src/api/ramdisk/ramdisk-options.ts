// What the routes for ramdisks work with.

import type { Clock } from '#clock';
import type { Conductor } from '#conductor/conductor';
import type { Log } from '#observe/log';
import type { Metrics } from '#observe/metrics';

import type { RateLimits } from './rate-limits.ts';

export type RamdiskParts = {
  readonly conductor: Pick<Conductor, 'lookup' | 'heartbeat' | 'continueInspection' | 'noteEvent'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** `[api] disable_agent_api`: 403 instead of lookup, heartbeat and inspection. */
  readonly isDisabled: boolean;
  /** CIDR: where ramdisks may call from; from everywhere when empty. */
  readonly allowedNetworks?: readonly string[];
  /** Unlimited when undefined. */
  readonly limits?: RateLimits | undefined;
  /** Told the address of each call that was answered 429. */
  readonly onLimited?: ((address: string) => void) | undefined;
};
