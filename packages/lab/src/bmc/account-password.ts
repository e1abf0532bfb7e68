// A new password of an account: what the policy says of it, and what becomes of it.

import type { BmcState } from './bmc-state.ts';
import type { Account } from './manager-account.ts';
import { RedfishRefusal } from './redfish-refusal.ts';

const LENGTH_MIN = 8;
const LENGTH_MAX = 64;
const PASSWORDS_KEPT = 24;

export const passwordLengths = (
  state: Pick<BmcState, 'faults'>,
): { readonly min: number; readonly max: number } => ({
  min: state.faults.valueOf('password-min-length') ?? LENGTH_MIN,
  max: state.faults.valueOf('password-max-length') ?? LENGTH_MAX,
});

/** Throws a refusal; otherwise the account has it, or pretends to. */
export const setPassword = (
  state: BmcState,
  account: Account,
  given: string,
  { isOwn }: { readonly isOwn: boolean },
): void => {
  requireAcceptable(state, account, given);
  if (!state.faults.isOn('password-ignored')) {
    const keptBytes = state.faults.valueOf('password-cut') ?? LENGTH_MAX;
    const kept = Buffer.from(given).subarray(0, keptBytes).toString();
    const lateMs = state.faults.valueOf('password-late');
    if (lateMs === undefined) keepPassword(state, account, kept, isOwn);
    else state.clock.after(lateMs, () => keepPassword(state, account, kept, isOwn));
  }
  if (!state.faults.isOn('sessions-survive')) endSessions(state, account);
};

/** What was opened with the old one. */
export const endSessions = (state: BmcState, account: Account): void => {
  for (const [token, session] of state.sessions) {
    if (session.account === account) state.sessions.delete(token);
  }
};

const keepPassword = (state: BmcState, account: Account, kept: string, isOwn: boolean): void => {
  account.passwordsBefore = [account.password, ...account.passwordsBefore].slice(0, PASSWORDS_KEPT);
  account.password = kept;
  account.isPasswordOwn = isOwn;
  account.passwordSetMs = state.clock.monotonicMs();
  account.wrongPasswordCount = 0;
  state.saveAccounts(state.accounts);
};

const requireAcceptable = (state: BmcState, account: Account, given: string): void => {
  const { faults } = state;
  const { min, max } = passwordLengths(state);
  const shown = faults.isOn('password-echoed') ? given : '***';
  if (given.length < min || given.length > max) {
    throw new RedfishRefusal(
      400,
      'PropertyValueFormatError',
      `The value ${shown} of the property Password must have ${min} to ${max} characters.`,
      [shown, 'Password'],
    );
  }
  if (faults.isOn('password-special') && /^[A-Za-z0-9]*$/.test(given)) {
    throw new RedfishRefusal(
      400,
      'PropertyValueError',
      'The value of the property Password is in error: a special character is needed.',
      ['Password'],
    );
  }
  const remembered = [account.password, ...account.passwordsBefore];
  const kept = remembered.slice(0, faults.valueOf('password-history') ?? 0);
  if (kept.includes(given)) {
    throw new RedfishRefusal(
      400,
      'PasswordReused',
      'The password was used before: it is in the password history.',
    );
  }
  const ageMs = state.clock.monotonicMs() - (account.passwordSetMs ?? -Infinity);
  const youngSeconds = faults.valueOf('password-too-soon');
  if (youngSeconds !== undefined && ageMs < youngSeconds * 1_000) {
    throw new RedfishRefusal(
      400,
      'PasswordMinimumAge',
      `The password was changed too soon: its minimum age is ${youngSeconds} seconds.`,
    );
  }
};
