// Keys of [bmc_credentials] about how passwords of BMCs are made and changed.

import type { Setting } from './setting.ts';

const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 366 * DAY_SECONDS;

export const BMC_CREDENTIAL_SETTINGS = {
  enabled: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether the service keeps the credentials of BMCs that it was asked to take over. What it did not take over it ' +
      'leaves alone.',
  },
  strategy: {
    kind: 'text',
    default: 'dual',
    choices: ['dual', 'single'],
    meaning:
      'dual: two accounts of the service, of which one always works while the other is changed. single: the one account ' +
      'of driver_info, for BMCs that have no place for two more.',
  },
  usernames: {
    kind: 'list',
    default: ['bsmr-a', 'bsmr-b'],
    meaning: 'Names of the two accounts of the service, at most 16 ASCII characters each.',
  },
  path: {
    kind: 'text',
    default: 'auto',
    choices: ['auto', 'oob', 'inband'],
    meaning:
      'oob: over the network of the BMC. inband: by the agent on the machine. auto: oob where a login works, else inband.',
  },
  rotate_every: {
    kind: 'count',
    unit: 'seconds',
    default: 30 * DAY_SECONDS,
    max: YEAR_SECONDS,
    meaning: 'How old a password becomes until it is changed; 0: never by schedule.',
  },
  rotate_on_clean: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether automated cleaning changes the password, and looks for accounts that a tenant made, on nodes whose ' +
      'credentials the service keeps.',
  },
  rotate_on_discovery: {
    kind: 'flag',
    default: true,
    meaning: 'Whether the service takes over the BMC of a machine that it discovered by itself.',
  },
  rotate_on_manage: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether the service takes over the BMC of a node by itself when manage has found that the login in driver_info ' +
      'works. Off, since manage changes nothing at a machine otherwise, and its BMC may have other users.',
  },
  retain_old: {
    kind: 'count',
    unit: 'seconds',
    default: 7 * DAY_SECONDS,
    max: YEAR_SECONDS,
    meaning: 'How long a password that is out of use stays in the secret store.',
  },
  orphan_grace: {
    kind: 'count',
    unit: 'seconds',
    default: DAY_SECONDS,
    min: 3_600,
    max: YEAR_SECONDS,
    meaning: 'How long a secret that nothing names stays in the secret store.',
  },
  standby_policy: {
    kind: 'text',
    default: 'scramble',
    choices: ['scramble', 'disable', 'keep'],
    meaning:
      'What is done to the account that was in use before: scramble: it gets a fresh password, too. disable: it is ' +
      'switched off at the BMC. keep: its old password works on.',
  },
  max_parallel: {
    kind: 'count',
    default: 5,
    min: 1,
    max: 1_000,
    meaning: 'How many rotations by schedule run at the same time in each conductor group.',
  },
  lockout_budget: {
    kind: 'count',
    default: null,
    min: 1,
    max: 10,
    meaning:
      'Refused logins of one account after which none is tried for the time that the BMC counts them. By default two ' +
      'less than locks the account; two in ten minutes where the BMC tells nothing.',
  },
  disable_factory_accounts: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether the account that driver_info named is disabled when the two of the service work.',
  },
  disable_unexpected_accounts: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether cleaning disables accounts that were not there when the service took the BMC over. When false, such an ' +
      'account fails the cleaning.',
  },
  foreign_accounts: {
    kind: 'list',
    default: [],
    meaning: 'Names of accounts at BMCs that belong to somebody else and are left alone.',
  },
  allow_supplied: {
    kind: 'flag',
    default: false,
    meaning: 'Whether a password may be chosen by who calls set_bmc_password.',
  },
  allow_weak_passwords: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether a BMC that takes no 16 characters gets a password of 12, and whether password_patterns may have fewer ' +
      'than 80 bits.',
  },
  password_patterns: {
    kind: 'list',
    default: [],
    meaning:
      'Passwords that machines of a kind get in the place of the profiles, each as "VENDOR/MODEL: length=N upper lower ' +
      'digit special=-_. start=letter specials=one repeat=no"; * in the model stands for any characters.',
  },
  require_agent_trust: {
    kind: 'count',
    default: 2,
    min: 2,
    max: 3,
    meaning: 'Least trust level of an agent that is told a password.',
  },
} as const satisfies { readonly [key: string]: Setting };
