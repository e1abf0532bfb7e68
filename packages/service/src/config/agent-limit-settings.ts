// Section [agent] again: who is listened to, and how often.

import type { Setting } from './setting.ts';

export const AGENT_LIMIT_SETTINGS = {
  trusted_proxies: {
    kind: 'list',
    default: [],
    meaning:
      'CIDR blocks of proxies in front of agent.listen. Only from them is X-Forwarded-For believed; it is ignored when empty.',
  },
  rate_limits: {
    kind: 'flag',
    default: true,
    meaning: 'Whether calls of ramdisks are limited as below. Off only for measurements.',
  },
  lookups_per_source_minute: {
    kind: 'count',
    default: 10,
    min: 1,
    meaning: 'Lookups from one address in a minute; more are answered 429.',
  },
  lookups_per_source_burst: {
    kind: 'count',
    default: 20,
    min: 1,
    meaning: 'Lookups from one address at once, after it was quiet.',
  },
  lookups_per_node_minute: {
    kind: 'count',
    default: 6,
    min: 1,
    meaning: 'Lookups that name one node by UUID, in a minute; more are answered 429.',
  },
  lookup_denials_max: {
    kind: 'count',
    default: 30,
    min: 1,
    meaning:
      'Lookups answered 404 to one address in 10 minutes; then it is shunned for 10 minutes.',
  },
  lookups_per_second: {
    kind: 'count',
    default: 200,
    min: 1,
    meaning: 'Lookups of all machines in a second; more are answered 503.',
  },
  heartbeats_per_node_minute: {
    kind: 'count',
    default: 30,
    min: 1,
    meaning: 'Heartbeats for one node in a minute; more are answered 429.',
  },
  heartbeats_per_node_burst: {
    kind: 'count',
    default: 5,
    min: 1,
    meaning: 'Heartbeats for one node at once, after it was quiet.',
  },
  wrong_tokens_per_minute: {
    kind: 'count',
    default: 10,
    min: 1,
    meaning: 'Wrong tokens for one node from one address in a minute; more are answered 429.',
  },
  connections_per_source: {
    kind: 'count',
    default: 8,
    min: 1,
    meaning:
      'Connections that one address may hold; more wait for up to 10 s. Trusted proxies are exempt.',
  },
  connections_per_source_minute: {
    kind: 'count',
    default: 600,
    min: 1,
    meaning:
      'Connections that one address may open in a minute; more wait before TLS for up to 10 s. Trusted proxies are exempt.',
  },
  connections_per_source_burst: {
    kind: 'count',
    default: 60,
    min: 1,
    meaning: 'Connections that one address may open at once, after it was quiet.',
  },
  connections_per_second: {
    kind: 'count',
    default: 300,
    min: 1,
    meaning:
      'Connections that all addresses together may open in a second; more wait before TLS for up to 10 s, sources taking turns. ' +
      'Trusted proxies are exempt.',
  },
} as const satisfies { readonly [key: string]: Setting };
