// What an operator may set about credentials of BMCs.

import type { PasswordPattern } from '#trust/bmc-credential/password-pattern';

export type BmcCredentialOptions = {
  /** Off: nothing is rotated by itself, and nobody can ask for it. */
  readonly isEnabled: boolean;
  readonly strategy: 'dual' | 'single';
  /** Of the two accounts of the service; at most 16 bytes of ASCII each. */
  readonly usernames: { readonly a: string; readonly b: string };
  readonly path: 'auto' | 'oob' | 'inband';
  /** 0: never by schedule. */
  readonly rotateEveryMs: number;
  readonly isRotatedOnClean: boolean;
  readonly isRotatedOnDiscovery: boolean;
  /** Whether a BMC whose login a person gave is taken over by itself as soon as the node was verified. */
  readonly isRotatedOnManage: boolean;
  /** How long a password that is out of use stays in the store. */
  readonly retainOldMs: number;
  /** How long a secret that nothing names may lie in the store. */
  readonly orphanGraceMs: number;
  /** What is done to the account that was in use before. */
  readonly standbyPolicy: 'scramble' | 'disable' | 'keep';
  /** Rotations by schedule at the same time, in each conductor group. */
  readonly parallelMax: number;
  /** Refused logins per account and window; undefined: what the BMC says about its lockout decides. */
  readonly loginTriesMax: number | undefined;
  /** Whether the account that the service was given is disabled when its own two work. */
  readonly isGivenDisabled: boolean;
  /** Whether accounts that nobody told the service of are disabled when an audit finds them. */
  readonly isUnexpectedDisabled: boolean;
  /** Names of accounts that audits let be. */
  readonly foreignAccounts: readonly string[];
  /** Whether somebody may choose a password. */
  readonly isSuppliedAllowed: boolean;
  /** Whether a BMC may get a password of 12 bytes when it takes no longer one. */
  readonly isWeakAllowed: boolean;
  /** Passwords that machines of a kind get, whatever others do; the first that fits. */
  readonly passwordPatterns: readonly PasswordPattern[];
  /** Least trust in an agent that is told a password. */
  readonly agentTrustMin: number;
};

const DAY_MS = 86_400_000;

export const DEFAULT_BMC_CREDENTIAL_OPTIONS: BmcCredentialOptions = {
  isEnabled: true,
  strategy: 'dual',
  usernames: { a: 'bsmr-a', b: 'bsmr-b' },
  path: 'auto',
  rotateEveryMs: 30 * DAY_MS,
  isRotatedOnClean: true,
  isRotatedOnDiscovery: true,
  isRotatedOnManage: false,
  retainOldMs: 7 * DAY_MS,
  orphanGraceMs: DAY_MS,
  standbyPolicy: 'scramble',
  parallelMax: 5,
  loginTriesMax: undefined,
  isGivenDisabled: false,
  isUnexpectedDisabled: true,
  foreignAccounts: [],
  isSuppliedAllowed: false,
  isWeakAllowed: false,
  passwordPatterns: [],
  agentTrustMin: 2,
};
