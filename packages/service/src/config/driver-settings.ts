// What operators may say about the hardware types: sections `[redfish]`, `[ipmi]` and `[fake]`.

import type { Setting } from './setting.ts';

/** Longer pretended work than this is a typing error. */
const HOUR_SECONDS = 3_600;

export const REDFISH_SETTINGS = {
  allowed_networks: {
    kind: 'list',
    default: [],
    meaning: 'CIDR blocks that BMCs lie in; everywhere but special addresses when empty.',
  },
  allow_loopback: {
    kind: 'flag',
    default: false,
    meaning: 'Whether BMCs may be on loopback; for simulated ones.',
  },
  allow_plain_http: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether BMC addresses may be http://; the password then crosses the network in clear text.',
  },
  request_timeout: {
    kind: 'count',
    unit: 'seconds',
    default: 30,
    min: 1,
    max: 600,
    meaning: 'How long a BMC may take for one answer.',
  },
} as const satisfies { readonly [key: string]: Setting };

export const IPMI_SETTINGS = {
  allowed_networks: {
    kind: 'list',
    default: [],
    meaning: 'CIDR blocks that BMCs lie in; everywhere but special addresses when empty.',
  },
  allowed_ports: {
    kind: 'list',
    default: ['623'],
    meaning: 'UDP ports that BMCs may listen on; those on loopback may use any.',
  },
  allow_loopback: {
    kind: 'flag',
    default: false,
    meaning: 'Whether BMCs may be on loopback; for simulated ones.',
  },
  cipher_suite_versions: {
    kind: 'list',
    default: ['17'],
    choices: ['17', '3'],
    meaning:
      'Cipher suites in the order of trying, for nodes without ipmi_cipher_suite: 17 (SHA-256), 3 (SHA-1). With 3 in ' +
      'the list whoever stands between can talk a BMC down to it.',
  },
} as const satisfies { readonly [key: string]: Setting };

export const FAKE_SETTINGS = {
  power_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long a fake machine takes to change its power.',
  },
  deploy_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long a fake deployment takes.',
  },
  clean_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long a fake cleaning takes.',
  },
  inspect_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long a fake inspection takes.',
  },
  management_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long a fake management call takes.',
  },
  boot_delay: {
    kind: 'count',
    unit: 'seconds',
    default: 0,
    max: HOUR_SECONDS,
    meaning: 'How long fake boot preparation takes.',
  },
} as const satisfies { readonly [key: string]: Setting };
