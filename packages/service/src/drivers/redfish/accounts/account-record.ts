// What a resource of the account service says, in the words of the doors.

import type { BmcAccount, BmcAccountLimits, BmcAccountPrivilege } from '../../bmc-accounts.ts';
import type { Resource } from '../client.ts';
import { memberAt, printable } from '../json-guard.ts';

const PRIVILEGES: { readonly [role: string]: BmcAccountPrivilege } = {
  Administrator: 'administrator',
  Operator: 'operator',
  ReadOnly: 'user',
  None: 'none',
  NoAccess: 'none',
  '': 'none',
};
const NAME_CHARACTERS_MAX = 255;
/** A BMC that says it counts for longer would have us wait for ever, or past the end of time. */
const LOCKOUT_SECONDS_MAX = 7 * 86_400;

/** Empty: a place that nobody has. */
export const userNameOf = ({ body }: Resource): string => {
  const name = memberAt(body, 'UserName');
  return typeof name === 'string' ? printable(name).slice(0, NAME_CHARACTERS_MAX) : '';
};

const flagOf = ({ body }: Resource, name: string): boolean | null => {
  const flag = memberAt(body, name);
  return typeof flag === 'boolean' ? flag : null;
};

export const isEnabled = (account: Resource): boolean | null => flagOf(account, 'Enabled');
export const isLocked = (account: Resource): boolean | null => flagOf(account, 'Locked');
export const isChangeDemanded = (account: Resource): boolean =>
  flagOf(account, 'PasswordChangeRequired') === true;

/** Undefined where the BMC has no roles. */
export const roleOf = ({ body }: Resource): string | undefined => {
  const role = memberAt(body, 'RoleId');
  return typeof role === 'string' ? role : undefined;
};

export const accountOf = (resource: Resource): BmcAccount => ({
  id: resource.path,
  username: userNameOf(resource),
  isEnabled: isEnabled(resource),
  isLocked: isLocked(resource),
  privilege: privilegeOf(roleOf(resource)),
  isNameFixed: false,
});

/** Without a role it may be anything. */
const privilegeOf = (role: string | undefined): BmcAccountPrivilege =>
  role === undefined ? 'other' : (PRIVILEGES[role] ?? 'other');

export const limitsOf = ({ body }: Resource): BmcAccountLimits => {
  const count = (name: string): number | undefined => {
    const value = memberAt(body, name);
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  /** Nought of anything but a threshold, where it means that nothing is locked, is how BMCs say that they do not know. */
  const positive = (name: string): number | undefined => count(name) || undefined;
  const limit = <K extends string>(
    key: K,
    value: number | undefined,
  ): { readonly [key in K]?: number } =>
    value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: number });
  const milliseconds = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : Math.min(seconds, LOCKOUT_SECONDS_MAX) * 1_000;
  return {
    ...limit('lengthMinBytes', positive('MinPasswordLength')),
    ...limit('lengthMaxBytes', positive('MaxPasswordLength')),
    ...limit('lockoutThreshold', count('AccountLockoutThreshold')),
    ...limit('lockoutMs', milliseconds(positive('AccountLockoutDuration'))),
    ...limit('lockoutResetMs', milliseconds(positive('AccountLockoutCounterResetAfter'))),
  };
};
