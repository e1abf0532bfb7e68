// From the keys that operators know to what the listener for ramdisks takes: who may call, and how often.

import type { ConnectionRate } from '#api/ramdisk/connection-gate';
import { type RateLimitOptions } from '#api/ramdisk/rate-limits';

import { isLoopback } from './endpoint.ts';
import type { LoadedConfig } from './load.ts';
import type { Settings } from './schema.ts';

export type AgentListenerOptions = {
  /** Every call of a ramdisk is answered 403. */
  readonly isDisabled: boolean;
  /** A service without agent API opens no door for it, unless it was told which. */
  readonly isOpen: boolean;
  /** Empty means everywhere. */
  readonly allowedNetworks: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Undefined: nothing is limited. */
  readonly limits: RateLimitOptions | undefined;
  readonly connectionsPerSource: number | undefined;
  readonly connectionRate: ConnectionRate | undefined;
};

export const isAgentApiOff = ({ api }: Settings): boolean =>
  api.disable_agent_api || !api.enable_ramdisk_endpoints;

/** A lab: the listener is on loopback, and so are its machines, whatever other networks are listed. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export const agentListenerOptions = (
  { settings, sources }: LoadedConfig,
  agentHost: string,
): AgentListenerOptions => {
  const { agent } = settings;
  const isDisabled = isAgentApiOff(settings);
  const networks = agent.allowed_networks;
  return {
    isDisabled,
    isOpen: !isDisabled || sources.has('agent.listen'),
    allowedNetworks:
      networks.length > 0 && isLoopback(agentHost) ? [...networks, ...LOOPBACK] : networks,
    trustedProxies: agent.trusted_proxies,
    limits: agent.rate_limits
      ? {
          lookupsPerSourceMinute: agent.lookups_per_source_minute,
          lookupsPerSourceBurst: agent.lookups_per_source_burst,
          lookupsPerNodeMinute: agent.lookups_per_node_minute,
          lookupDenialsMax: agent.lookup_denials_max,
          lookupsPerSecond: agent.lookups_per_second,
          heartbeatsPerNodeMinute: agent.heartbeats_per_node_minute,
          heartbeatsPerNodeBurst: agent.heartbeats_per_node_burst,
          wrongTokensPerMinute: agent.wrong_tokens_per_minute,
        }
      : undefined,
    connectionsPerSource: agent.rate_limits ? agent.connections_per_source : undefined,
    connectionRate: agent.rate_limits
      ? {
          perMinute: agent.connections_per_source_minute,
          burst: agent.connections_per_source_burst,
          allPerSecond: agent.connections_per_second,
        }
      : undefined,
  };
};
