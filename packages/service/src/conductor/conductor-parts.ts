// What a conductor is made of, and what an operator may set.

import { RAW_COMMAND } from '@bessemer/protocol/node/disallowed-steps';

import type { Clock } from '#clock';
import type { DriverRegistry } from '#drivers/driver';
import type { AddressSource } from '#netboot/address-source';
import type { BootHost } from '#netboot/boot-host';
import type { Log } from '#observe/log';
import type { Metrics } from '#observe/metrics';
import type { Store } from '#store/database';
import type { Authority } from '#trust/certificate/authority';
import type { ConductorIdentity } from '#trust/certificate/conductor-identity';
import type { KeyRing } from '#trust/key-ring';

import type { BreakGlassParts } from './bmc-credential/break-glass/break-glass-options.ts';
import type { BmcCredentialParts } from './bmc-credential/credential-parts.ts';
import type { DiscoveryOptions } from './discovery/options.ts';

export type ConductorOptions = {
  /** Name of this conductor, as clients see it. */
  readonly hostname: string;
  /** A conductor that is silent for so long has lost its nodes. */
  readonly leaseMs: number;
  /** How many nodes are worked on at the same time. */
  readonly workersMax: number;
  /** How many more may wait for a worker until requests are refused. */
  readonly queuedMax: number;
  /** How long a booted agent may take to call, per kind of workflow. */
  readonly callbackTimeoutMs: { readonly [kind in 'deploy' | 'clean' | 'inspect']: number };
  /** How long one command of an agent may run. */
  readonly commandTimeoutMs: number;
  readonly powerTimeoutMs: number;
  /** As `interface.step`: run for nobody, wherever they come from. */
  readonly disallowedSteps: readonly string[];
  readonly automatedClean: boolean;
  /** 0 switches the step off; undefined leaves the agent's own priority. */
  readonly erasePriority: {
    readonly erase_devices: number | undefined;
    readonly erase_devices_metadata: number | undefined;
  };
  readonly heartbeatTimeoutMs: number;
  readonly requireTls: boolean;
  /** Networks that callbacks may come from and point to (CIDR); empty means every one that is not denied. */
  readonly allowedNetworks: readonly string[];
  /** Length of the window for a first lookup, from the power action that opened it. */
  readonly lookupWindowMs: number;
  /** `warn` gives the token outside the window too, and says so: for moving a site over. */
  readonly lookupWindow: 'enforce' | 'warn';
  /** What the source of a lookup is held against; automatic: lease where any address of the machine is known. */
  readonly lookupSourceCheck: 'automatic' | 'lease' | 'network' | 'off';
  /** Whether lookups are answered in the states only in which an agent of ours can run. */
  readonly isLookupRestricted: boolean;
  /** How long the loser of a race for a token has to show up before the first command is sent. */
  readonly settleMs: number;
  /** A token that was given and not used for so long was lost on its way. */
  readonly grantRetryMs: number;
  readonly minTrustLevel: number;
  /** How far back the clock of a machine may be. */
  readonly clockSkewMs: number;
  /** Whether a suspect session is followed by a new boot without asking anybody. */
  readonly isRecoveredAutomatically: boolean;
  /** Boots from one medium that we may cause. */
  readonly mediaBootsMax: number;
  /** Agents are polled and never call, unless the node says otherwise. */
  readonly isPollOnly: boolean;
  readonly pollIntervalMs: number;
  /** Networks that polled agents may be in (CIDR); empty means every one that is not denied. */
  readonly pollNetworks: readonly string[];
  /** Only where the agent listener itself is on loopback, or loopback is listed above. */
  readonly isLoopbackAllowed: boolean;
  /** Absolute path of the base ISO for nodes that name none. */
  readonly ramdiskIso: string;
  /** Absolute paths for nodes that boot over the network and name none. */
  readonly ramdiskKernel: string;
  readonly ramdiskInitramfs: string;
  /** Kernel arguments for network boots of nodes that have none of their own. */
  readonly kernelAppendParams: string;
  /** Where `driver_info.deploy_iso`, `deploy_kernel` and `deploy_ramdisk` may point to. */
  readonly isoDirectories: readonly string[];
  /** Seconds that a signed medium URL is good for. */
  readonly mediaLifetimeMs: number;
  /** Whether boot media go to the BMC of their node only. */
  readonly isMediumSourceChecked: boolean;
  /** Networks that BMCs fetch media from, besides their own addresses (CIDR). */
  readonly mediumNetworks: readonly string[];
  /** Networks beyond the public internet that images may come from. */
  readonly imageNetworks: readonly string[];
  readonly imageDirectories: readonly string[];
  readonly isMd5Allowed: boolean;
  /** Hosts (`host` or `host:port`) that inspection rules may call; none when empty. */
  readonly ruleCallHosts: readonly string[];
  /** Where the ramdisk's logs are kept after a failure; undefined: nowhere. */
  readonly agentLogsDirectory: string | undefined;
  /**
   * For tests that prove that a killed process loses nothing: called around each journal line with its number
   * since start. Undefined in normal life.
   */
  readonly faultPoint: ((line: number, when: 'before' | 'after') => void) | undefined;
  /** The same around the statements that give a token. */
  readonly grantFaultPoint: ((where: 'before' | 'stored' | 'committed') => void) | undefined;
};

const MINUTE_MS = 60_000;

export const DEFAULT_CONDUCTOR_OPTIONS: ConductorOptions = {
  hostname: 'bessemer',
  leaseMs: MINUTE_MS,
  workersMax: 100,
  queuedMax: 10_000,
  callbackTimeoutMs: { deploy: 30 * MINUTE_MS, clean: 30 * MINUTE_MS, inspect: 30 * MINUTE_MS },
  commandTimeoutMs: 24 * 60 * MINUTE_MS,
  powerTimeoutMs: 2 * MINUTE_MS,
  disallowedSteps: [RAW_COMMAND],
  automatedClean: true,
  erasePriority: { erase_devices: undefined, erase_devices_metadata: undefined },
  heartbeatTimeoutMs: 5 * MINUTE_MS,
  requireTls: true,
  allowedNetworks: [],
  lookupWindowMs: 30 * MINUTE_MS,
  lookupWindow: 'enforce',
  lookupSourceCheck: 'automatic',
  isLookupRestricted: true,
  settleMs: 5_000,
  grantRetryMs: 2 * MINUTE_MS,
  minTrustLevel: 1,
  clockSkewMs: 60 * MINUTE_MS,
  isRecoveredAutomatically: false,
  mediaBootsMax: 8,
  isPollOnly: false,
  pollIntervalMs: 5 * MINUTE_MS,
  pollNetworks: [],
  isLoopbackAllowed: false,
  ramdiskIso: '',
  ramdiskKernel: '',
  ramdiskInitramfs: '',
  kernelAppendParams: '',
  isoDirectories: [],
  mediaLifetimeMs: 60 * MINUTE_MS,
  isMediumSourceChecked: true,
  mediumNetworks: [],
  imageNetworks: [],
  imageDirectories: [],
  isMd5Allowed: false,
  ruleCallHosts: [],
  agentLogsDirectory: undefined,
  faultPoint: undefined,
  grantFaultPoint: undefined,
};

export type ConductorParts = {
  readonly store: Store;
  readonly drivers: DriverRegistry;
  readonly keys: KeyRing;
  readonly authority: Authority;
  /** Shown to agents; undefined: agents are not told to ask for it. */
  readonly identity?: ConductorIdentity;
  /** As ramdisks and BMCs reach them, without a trailing slash. */
  readonly urls: { readonly agentApi: string; readonly boot: string };
  /** Serves kernels, ramdisks and scripts to machines that boot over the network; undefined: no such boots. */
  readonly bootHost?: BootHost;
  /** Which addresses the machines have, as far as anybody knows. */
  readonly addresses?: AddressSource;
  /** Undefined: nobody gets a password of a BMC to see, and no kit is kept. */
  readonly breakGlass?: BreakGlassParts;
  /** Undefined: passwords of BMCs are what people made them. */
  readonly bmcCredentials?: BmcCredentialParts;
  /** Undefined: machines that nobody enrolled stay unknown. */
  readonly discovery?: DiscoveryOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'countEvent'>;
  readonly options: ConductorOptions;
};
