// Settings that keep the rate limits of the agent listener from refusing anything in a measurement, where one process
// is all agents: they are counted and compared as always, so that what they cost is measured too.

const MINUTE_MAX = 1_000_000;

export const RAISED_RATE_LIMITS: readonly string[] = [
  'lookups_per_source_minute',
  'lookups_per_source_burst',
  'lookups_per_node_minute',
  'lookup_denials_max',
  'lookups_per_second',
  'heartbeats_per_node_minute',
  'heartbeats_per_node_burst',
  'wrong_tokens_per_minute',
].map((name) => `agent.${name}=${MINUTE_MAX}`);
