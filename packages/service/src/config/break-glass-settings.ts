// Keys of [bmc_credentials] about the way in when nothing else is left.

import type { Setting } from './setting.ts';

export const BREAK_GLASS_SETTINGS = {
  break_glass_recipients: {
    kind: 'list',
    default: [],
    meaning:
      'X25519 public keys of age (age1...) of the operators who can open the break-glass kit. Keep the private ones away ' +
      'from this machine.',
  },
  break_glass_directory: {
    kind: 'text',
    default: null,
    meaning:
      'Directory of the break-glass kit, which nobody else uses: one file per node with its login at the BMC, sealed to ' +
      'break_glass_recipients and written anew with each new password. Copy it somewhere else. No kit is kept when not set.',
  },
  break_glass_ttl: {
    kind: 'count',
    unit: 'seconds',
    default: 28_800,
    min: 60,
    max: 604_800,
    meaning:
      'How long a node is frozen at most after its password was exported; then the password is changed.',
  },
  export_approvals: {
    kind: 'count',
    default: 1,
    min: 1,
    max: 2,
    meaning: 'How many persons an export of a password needs: 2 means that another one approves.',
  },
  allow_show_password: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether the rule show_password, which lets nobody pass by default, may show passwords that persons gave in ' +
      'driver_info. Each use is the event bmc.reveal.',
  },
  exports_per_hour: {
    kind: 'count',
    default: 10,
    min: 1,
    max: 1_000,
    meaning: 'How many exports may be asked for in an hour, by all persons together.',
  },
} as const satisfies { readonly [key: string]: Setting };
