// Limits and rules of the IPMI driver; section `[ipmi]` of the configuration.

import type { AddressOptions } from '../address-rules.ts';
import type { LoginLimits } from '../login-budget.ts';
import type { PowerPace } from '../power-change.ts';
import type { CipherSuiteId } from './cipher-suites.ts';
import { DEFAULT_WAITS_MS } from './client.ts';
import { IPMI_PORT } from './udp-transport.ts';

export type IpmiOptions = AddressOptions &
  LoginLimits &
  PowerPace & {
    /** In the order of trying, for nodes without `ipmi_cipher_suite`. */
    readonly cipherSuites: readonly CipherSuiteId[];
    /** One sending of a packet per wait. */
    readonly waitsMs: readonly number[];
    /** Calls that may wait for one BMC. */
    readonly queueLengthMax: number;
  };

export const DEFAULT_IPMI_OPTIONS: IpmiOptions = {
  allowedNetworks: null,
  allowedPorts: [IPMI_PORT],
  isLoopbackAllowed: false,
  // Suite 3 is SHA-1 and is left to those who ask for it: a BMC that offers both must not be talked down to it.
  cipherSuites: [17],
  waitsMs: DEFAULT_WAITS_MS,
  queueLengthMax: 64,
  // As with Redfish: a BMC that locks does so at three or more, and does not tell.
  loginRefusalsMax: 2,
  loginWindowMs: 600_000,
  pollMs: 250,
  pollMsMax: 5_000,
  powerConfirmMs: 500,
};
