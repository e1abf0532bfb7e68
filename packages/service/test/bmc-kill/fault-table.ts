// What BMCs do, and how a rotation ends then. The test bmc-faults.test.ts holds each line on the lab's BMCs; the page
// docs/reference/bmc-faults.md is made of them.

import type { BmcCredentialState } from '#store/bmc-credentials';

type Fault = readonly [name: string, value?: number];

export type FaultEnd = {
  readonly state: BmcCredentialState;
  /** Number of its text, `BMC-CRED-<number>`; undefined: it succeeded. */
  readonly failure?: number;
  /** Beside those that every rotation has. */
  readonly events?: readonly string[];
  readonly profile?: string;
};

export type FaultRow = {
  readonly what: string;
  readonly driver: 'redfish' | 'ipmi';
  /** Of the BMC from the beginning; the rotation is the first of the node where there are no others. */
  readonly always?: readonly Fault[];
  /** Of the BMC after the first rotation, for the second. */
  readonly later?: readonly Fault[];
  /** Of password that the BMC took before. */
  readonly profile?: string;
  readonly isWeakAllowed?: true;
  /** Somebody else has locked the account in use. */
  readonly isLockedByOthers?: true;
  readonly dual: FaultEnd;
  readonly single: FaultEnd;
};

const GOOD: FaultEnd = { state: 'managed' };
const NOT_TAKEN: FaultEnd = { state: 'managed', failure: 108, events: ['bmc.rotation.failed'] };
const refusedTimes = (count: number): readonly string[] =>
  Array.from({ length: count }, () => 'bmc.policy.refused');
const NO_PROFILE: readonly string[] = [...refusedTimes(3), 'bmc.rotation.failed'];
const both = (end: FaultEnd): Pick<FaultRow, 'dual' | 'single'> => ({ dual: end, single: end });

export const FAULT_ROWS: readonly FaultRow[] = [
  {
    what: 'keeps 16 bytes of a password of 20, and says that it did well',
    driver: 'redfish',
    profile: 'P3',
    later: [['password-cut', 16]],
    ...both({ state: 'managed', events: ['bmc.password.truncated'], profile: 'P1' }),
  },
  {
    what: 'keeps 16 bytes of a password of 20, and says that it did well',
    driver: 'ipmi',
    profile: 'P3',
    later: [['cut-passwords', 16]],
    ...both({ state: 'managed', events: ['bmc.password.truncated'], profile: 'P1' }),
  },
  {
    what: 'keeps 20 bytes',
    driver: 'redfish',
    profile: 'P3',
    later: [['password-cut', 20]],
    ...both({ state: 'managed', profile: 'P3' }),
  },
  {
    what: 'keeps 10 bytes, which no BMC is known for',
    driver: 'redfish',
    later: [['password-cut', 10]],
    dual: { state: 'degraded', failure: 110, events: ['bmc.rotation.failed'] },
    single: { state: 'lost', failure: 110, events: ['bmc.rotation.failed', 'bmc.lost'] },
  },
  {
    what: 'says that it set the password, and did not',
    driver: 'redfish',
    later: [['password-ignored']],
    ...both(NOT_TAKEN),
  },
  {
    what: 'says that it set the password, and did not',
    driver: 'ipmi',
    later: [['ignore-passwords']],
    ...both(NOT_TAKEN),
  },
  {
    what: 'says of any password that it is right, when it is asked to test one',
    driver: 'ipmi',
    always: [['lying-test']],
    ...both(GOOD),
  },
  {
    what: 'wants a special character',
    driver: 'redfish',
    always: [['password-special']],
    ...both({ state: 'managed', events: refusedTimes(1), profile: 'P2' }),
  },
  {
    what: 'wants 20 characters, and tells so',
    driver: 'redfish',
    always: [['password-min-length', 20]],
    ...both({ state: 'managed', profile: 'P3' }),
  },
  {
    what: 'wants 20 characters, and does not tell',
    driver: 'redfish',
    always: [['password-min-length', 20], ['limits-hidden']],
    ...both({ state: 'managed', events: refusedTimes(2), profile: 'P3' }),
  },
  {
    what: 'takes at most 12 characters, and does not tell',
    driver: 'redfish',
    always: [['password-max-length', 12], ['limits-hidden']],
    ...both({ state: 'unmanaged', failure: 107, events: NO_PROFILE }),
  },
  {
    what: 'takes at most 12 characters, and `allow_weak_passwords` is on',
    driver: 'redfish',
    isWeakAllowed: true,
    always: [['password-max-length', 12]],
    ...both({ state: 'managed', profile: 'P4' }),
  },
  {
    what: 'refuses every password',
    driver: 'redfish',
    later: [['password-min-length', 60], ['limits-hidden']],
    ...both({ state: 'managed', failure: 107, events: NO_PROFILE }),
  },
  {
    what: 'refuses every password',
    driver: 'ipmi',
    later: [['refuse-passwords']],
    ...both({ state: 'managed', failure: 107, events: NO_PROFILE }),
  },
  {
    what: 'refuses the last five passwords',
    driver: 'redfish',
    always: [['password-history', 5]],
    ...both(GOOD),
  },
  {
    what: 'refuses to change a password that is not a minute old',
    driver: 'redfish',
    always: [['password-too-soon', 60]],
    ...both(GOOD),
  },
  {
    what: 'uses a new password three seconds after it said so',
    driver: 'redfish',
    later: [['password-late', 3_000]],
    ...both(GOOD),
  },
  {
    what: 'uses a new password three seconds after it said so',
    driver: 'ipmi',
    later: [['late-passwords', 3_000]],
    ...both(GOOD),
  },
  {
    what: 'sets the password, and its answer is lost',
    driver: 'redfish',
    later: [['account-answer-lost']],
    ...both(GOOD),
  },
  {
    what: 'sets the password, and its answers are lost',
    driver: 'ipmi',
    later: [['drop-answers', 3]],
    ...both(GOOD),
  },
  { what: 'cuts connections', driver: 'redfish', later: [['drop-connection', 2]], ...both(GOOD) },
  { what: 'is busy (503)', driver: 'redfish', later: [['unavailable', 3]], ...both(GOOD) },
  {
    what: 'says that the account was changed meanwhile (412)',
    driver: 'redfish',
    later: [['stale-etag']],
    ...both(GOOD),
  },
  {
    what: 'changes passwords by the action `ChangePassword` only',
    driver: 'redfish',
    always: [['no-account-patch']],
    ...both(GOOD),
  },
  {
    what: 'lets who comes with the password of the factory do nothing but change it',
    driver: 'redfish',
    always: [['password-change-required']],
    ...both({ state: 'managed', events: ['bmc.password.change_demanded'] }),
  },
  {
    what: 'lets who comes with any password that somebody else chose do nothing but change it',
    driver: 'redfish',
    always: [['password-change-required', 2]],
    ...both({ state: 'managed', events: ['bmc.password.change_demanded'] }),
  },
  {
    what: 'lets the factory password be changed by `ChangePassword` only, and nothing else be done before',
    driver: 'redfish',
    always: [['password-change-required'], ['no-account-patch']],
    ...both({ state: 'managed', events: ['bmc.password.change_demanded'] }),
  },
  {
    what: 'wants the factory password changed first, and takes none',
    driver: 'redfish',
    always: [['password-change-required'], ['password-min-length', 60], ['limits-hidden']],
    ...both({
      state: 'unmanaged',
      failure: 107,
      events: ['bmc.password.change_demanded', ...NO_PROFILE],
    }),
  },
  {
    what: 'forgets its accounts at a restart, and wants the factory password changed first',
    driver: 'redfish',
    later: [['accounts-lost'], ['restart'], ['password-change-required']],
    ...both({ state: 'managed', events: ['bmc.password.change_demanded'] }),
  },
  {
    what: 'has places for accounts that cannot be made or removed',
    driver: 'redfish',
    always: [['fixed-slots', 10]],
    ...both(GOOD),
  },
  {
    what: 'has no place for another account',
    driver: 'redfish',
    always: [['account-limit', 1]],
    dual: { state: 'unmanaged', failure: 106, events: ['bmc.rotation.failed'] },
    single: GOOD,
  },
  {
    what: 'has a place for one more account',
    driver: 'redfish',
    always: [['account-limit', 2]],
    dual: { state: 'degraded', failure: 106, events: ['bmc.rotation.failed'] },
    single: GOOD,
  },
  {
    what: 'has no place for another user',
    driver: 'ipmi',
    always: [['user-count', 2]],
    dual: { state: 'unmanaged', failure: 106, events: ['bmc.rotation.failed'] },
    single: GOOD,
  },
  {
    what: 'has places with fixed names only',
    driver: 'redfish',
    always: [
      ['fixed-slots', 2],
      ['fixed-names', 2],
      ['account-limit', 2],
    ],
    dual: { state: 'unmanaged', failure: 106, events: ['bmc.rotation.failed'] },
    single: GOOD,
  },
  {
    what: 'does not tell which users are enabled',
    driver: 'ipmi',
    always: [['hidden-enabled']],
    ...both(GOOD),
  },
  {
    what: 'forgets its accounts at a restart, between two rotations',
    driver: 'redfish',
    later: [['accounts-lost'], ['restart']],
    // The password that it came with is in the store still.
    ...both(GOOD),
  },
  {
    what: 'forgets its sessions after each request',
    driver: 'redfish',
    later: [['lost-sessions']],
    ...both(GOOD),
  },
  {
    what: 'shows a certificate of an authority that nobody knows',
    driver: 'redfish',
    later: [['new-certificate']],
    ...both({ state: 'managed', failure: 120, events: ['bmc.rotation.failed'] }),
  },
  {
    what: 'refuses every login',
    driver: 'redfish',
    later: [['refuse-login']],
    ...both({ state: 'lost', failure: 105, events: ['bmc.rotation.failed', 'bmc.lost'] }),
  },
  {
    what: 'has locked the account in use, because of somebody else',
    driver: 'redfish',
    isLockedByOthers: true,
    ...both(GOOD),
  },
  {
    what: 'has locked the user, because of somebody else',
    driver: 'ipmi',
    isLockedByOthers: true,
    ...both(GOOD),
  },
];
