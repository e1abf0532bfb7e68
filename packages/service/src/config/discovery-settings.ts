// Section [auto_discovery]: machines that nobody enrolled become nodes.

import type { Setting } from './setting.ts';

export const DISCOVERY_SETTINGS = {
  enabled: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether a machine that no node is known for, and that boots our ramdisk, becomes a node in state enroll. Needs ' +
      'allowed_networks and bmc_networks.',
  },
  driver: {
    kind: 'text',
    default: 'ipmi',
    choices: ['ipmi', 'redfish'],
    meaning: 'Hardware type of such nodes.',
  },
  driver_info: {
    kind: 'list',
    default: [],
    meaning:
      'What their driver_info has beside the address of the BMC, as KEY=VALUE. Names and passwords do not belong here and ' +
      'are refused.',
  },
  allowed_networks: {
    kind: 'list',
    default: [],
    meaning: 'CIDR blocks that unknown machines may call from. Each has its own hourly quota.',
  },
  bmc_networks: {
    kind: 'list',
    default: [],
    meaning:
      'CIDR blocks that their BMCs may be in. A machine that names a BMC elsewhere becomes a node without a BMC.',
  },
  nodes_per_hour: {
    kind: 'count',
    default: 20,
    min: 1,
    max: 100_000,
    meaning: 'New nodes within an hour, per network; more are answered 429.',
  },
  nodes_max: {
    kind: 'count',
    default: 200,
    min: 1,
    max: 1_000_000,
    meaning:
      'Discovered nodes that are still in state enroll; with so many no more are made, and answered 429.',
  },
} as const satisfies { readonly [key: string]: Setting };
