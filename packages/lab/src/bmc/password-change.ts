// An account whose password somebody else chose, on a BMC that wants it changed first: it can look at itself, change
// its password, and do nothing else.

import type { JsonObject } from '@bessemer/protocol/json';
import type { BmcState } from './bmc-state.ts';
import type { Account } from './manager-account.ts';
import { extendedInfo, RedfishRefusal } from './redfish-refusal.ts';

const TEXT = 'The password of this account must be changed before anything else.';

export const isChangeDemanded = (state: Pick<BmcState, 'faults'>, account: Account): boolean =>
  state.faults.isOn('password-change-required') && !account.isPasswordOwn;

/** Whether an administrator can take the demand from another account. */
export const isDemandWaivable = (state: Pick<BmcState, 'faults'>): boolean =>
  (state.faults.valueOf('password-change-required') ?? 1) < 2;

export const pathOfAccount = ({ id }: Account): string =>
  `/redfish/v1/AccountService/Accounts/${id}`;

export const changeDemand = (account: Account): JsonObject =>
  extendedInfo('PasswordChangeRequired', TEXT, [pathOfAccount(account)]);

/** Throws 403 for what such an account may not do. */
export const requireAllowed = (
  state: BmcState,
  account: Account,
  request: { readonly method: string; readonly path: string },
): void => {
  if (!isChangeDemanded(state, account)) return;
  const own = pathOfAccount(account);
  const { method, path } = request;
  const isOwn = path === own || path === `${own}/Actions/ManagerAccount.ChangePassword`;
  const isLogout = method === 'DELETE' && path.startsWith('/redfish/v1/SessionService/Sessions/');
  if (isOwn || isLogout) return;
  throw new RedfishRefusal(403, 'PasswordChangeRequired', TEXT, [own]);
};
