// The heartbeat, and how an agent learns what the service understands.

/** Versions at which the heartbeat gained a field. */
export const HEARTBEAT_VERSIONS = {
  callbackUrl: '1.22',
  agentVersion: '1.36',
  agentToken: '1.62',
  agentVerifyCa: '1.68',
} as const;

/** What an agent assumes when the service does not say. */
export const ASSUMED_SERVICE_VERSION = '1.31';

export type HeartbeatBody = {
  readonly callback_url: string;
  readonly agent_version?: string;
  readonly agent_token?: string;
  readonly agent_verify_ca?: string;
};
