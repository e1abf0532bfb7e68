// Limits and rules of the Redfish driver; section `[redfish]` of the configuration.

import type { AddressOptions } from '../address-rules.ts';
import type { LoginLimits } from '../login-budget.ts';
import type { PowerPace } from '../power-change.ts';

export type RedfishOptions = AddressOptions &
  LoginLimits &
  PowerPace & {
    /** Whether `http://` addresses pass: the password then crosses the network in clear text. */
    readonly isPlainHttpAllowed: boolean;
    /** From sending a request to the last byte of its answer. */
    readonly requestTimeoutMs: number;
    /** All requests and pauses of one call of the driver, but for power changes, which bring their own limit. */
    readonly operationTimeoutMs: number;
    readonly retryCountMax: number;
    /** Before the first repetition; doubled for each further one. */
    readonly retryDelayMs: number;
    /** A longer Retry-After than this is not waited for. */
    readonly retryAfterMsMax: number;
    /** Requests that may wait for one BMC. */
    readonly queueLengthMax: number;
    /** A session without use for this long is ended: BMCs have few of them. */
    readonly idleMs: number;
    /** How long a medium may take to appear or disappear after the BMC accepted the request. */
    readonly mediaTimeoutMs: number;
    /** The same for boot settings. */
    readonly settingTimeoutMs: number;
  };

export const DEFAULT_REDFISH_OPTIONS: RedfishOptions = {
  allowedNetworks: null,
  allowedPorts: [443],
  isLoopbackAllowed: false,
  isPlainHttpAllowed: false,
  // Slow BMCs need up to 20 s for the first answer after an idle night.
  requestTimeoutMs: 30_000,
  operationTimeoutMs: 120_000,
  retryCountMax: 3,
  retryDelayMs: 500,
  retryAfterMsMax: 30_000,
  queueLengthMax: 64,
  idleMs: 300_000,
  // A BMC that locks does so at three or more; it does not tell before the first login. Two leaves one over.
  loginRefusalsMax: 2,
  loginWindowMs: 600_000,
  pollMs: 250,
  pollMsMax: 5_000,
  powerConfirmMs: 500,
  mediaTimeoutMs: 60_000,
  settingTimeoutMs: 15_000,
};
