// Section [agent]: who may be the agent of a machine, and how it is spoken to.

import type { Setting } from './setting.ts';

const HOUR_SECONDS = 3_600;

export const AGENT_SETTINGS = {
  listen: {
    kind: 'text',
    default: '127.0.0.1:6386',
    meaning: 'HOST:PORT of the listener for ramdisks; always HTTPS by our own authority.',
  },
  api_url: {
    kind: 'text',
    default: null,
    meaning: 'Base URL that ramdisks are told; https and the address of agent.listen when not set.',
  },
  require_tls: {
    kind: 'flag',
    default: true,
    meaning: 'Refuse agents whose own address is not https.',
  },
  allowed_networks: {
    kind: 'list',
    default: [],
    meaning:
      'CIDR blocks that agents may call back from; everywhere but special addresses when empty.',
  },
  lookup_window: {
    kind: 'count',
    unit: 'seconds',
    default: 1_800,
    min: 60,
    max: 86_400,
    meaning: 'How long after a power action of ours a first lookup may get the token.',
  },
  lookup_window_enforce: {
    kind: 'text',
    default: 'enforce',
    choices: ['enforce', 'warn'],
    meaning: 'Whether a lookup outside its window is refused, or answered with an event.',
  },
  lookup_source_check: {
    kind: 'text',
    default: null,
    choices: ['lease', 'network', 'off'],
    meaning:
      'What the source of a lookup must be: the leased or static address of a MAC that it names, or any ' +
      'allowed network. When not set: lease where leases are known, else network.',
  },
  settle: {
    kind: 'count',
    unit: 'seconds',
    default: 5,
    max: 600,
    meaning:
      'Pause between giving a token and the first command, so that a rival has time to show up.',
  },
  grant_retry: {
    kind: 'count',
    unit: 'seconds',
    default: 120,
    min: 10,
    max: HOUR_SECONDS,
    meaning:
      'A token that was given and not used for so long is taken for lost; the machine is started once more.',
  },
  min_trust_level: {
    kind: 'count',
    default: null,
    max: 3,
    meaning:
      'Least trust level of agents; 1 when not set, 0 where require_tls is off: 0 token without TLS, 1 key pinned at first use, 2 key known before, 3 with TPM ' +
      'proof (not built yet: no agent reaches it). driver_info agent_min_trust of a node may raise it.',
  },
  clock_skew: {
    kind: 'count',
    unit: 'seconds',
    default: HOUR_SECONDS,
    max: 86_400,
    meaning: 'How far back the clock of a machine may be.',
  },
  auto_recover: {
    kind: 'flag',
    default: false,
    meaning: 'Start a machine anew, without asking, when two claimed to be its agent.',
  },
  poll_only: {
    kind: 'flag',
    default: false,
    meaning:
      'Machines never call the service, the service polls them. driver_info agent_poll_only of a node beats it.',
  },
  poll_interval: {
    kind: 'count',
    unit: 'seconds',
    default: null,
    min: 1,
    max: HOUR_SECONDS,
    meaning: 'How often a quiet agent is polled; api.ramdisk_heartbeat_timeout when not set.',
  },
  poll_networks: {
    kind: 'list',
    default: [],
    meaning: 'CIDR blocks that polled agents lie in; everywhere but special addresses when empty.',
  },
  address_sources: {
    kind: 'list',
    default: ['network_data', 'lease', 'neutron'],
    choices: ['network_data', 'lease', 'neutron'],
    meaning:
      'Where the addresses of machines are looked up, in this order: the network_data of the node, the leases of our ' +
      'own DHCP, Neutron (section neutron). Those that are not set up are passed over.',
  },
  command_timeout: {
    kind: 'count',
    unit: 'seconds',
    default: 86_400,
    min: 60,
    max: 7 * 86_400,
    meaning: 'How long one command of an agent may run; erasing large disks takes many hours.',
  },
  allow_md5_checksum: {
    kind: 'flag',
    default: false,
    meaning: 'Accept MD5 as checksum of images. It proves nothing about who made them.',
  },
} as const satisfies { readonly [key: string]: Setting };
