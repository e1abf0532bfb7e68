// What is wrong with the way into a BMC: one thing each, with what to do about it.

import type { BmcAccount, BmcProtocol } from '#drivers/bmc-accounts';

import type { FailureCode } from '@bessemer/protocol/errors/codes';

export type PostureKind =
  | 'cipher-suite-0'
  | 'anonymous-user'
  | 'default-password'
  | 'empty-password'
  | 'unexpected-account'
  | 'ipmi-on'
  | 'tls-unverified';

export type PostureSeverity = 'critical' | 'high' | 'medium';

/** An account as one of the doors shows it. */
export type AccountPlace = { readonly protocol: BmcProtocol; readonly id: string };

/** What the service can do about it without putting its own way in at risk. */
export type PostureFix =
  | { readonly kind: 'disable-account'; readonly places: readonly AccountPlace[] }
  | { readonly kind: 'switch-ipmi-off' };

export type PostureItem = {
  readonly kind: PostureKind;
  readonly severity: PostureSeverity;
  readonly text: string;
  readonly remedy: string;
  /** Of the account that it is about; null: it is about none. */
  readonly username: string | null;
  /** Null: only a person can mend it. */
  readonly fix: PostureFix | null;
};

/** Something that could not be looked at. */
export type PostureGap = {
  readonly protocol: BmcProtocol;
  readonly what: 'accounts' | 'exposure' | 'passwords';
  readonly code: FailureCode;
  readonly text: string;
};

export type PostureReport = {
  readonly items: readonly PostureItem[];
  /** An empty list of items says only so much as is not in here. */
  readonly gaps: readonly PostureGap[];
  readonly accounts: readonly (BmcAccount & { readonly protocol: BmcProtocol })[];
};
