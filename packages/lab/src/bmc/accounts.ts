// The accounts of a BMC: list, make, change the password, remove. Enough for credential rotation.

import type { JsonObject } from '@bessemer/protocol/json';
import { NO_CONTENT, type Account, type BmcState, type ResourceFinder } from './bmc-state.ts';
import { collection } from './collection.ts';
import {
  flagProperty,
  oneOf,
  refuseUnknown,
  requiredText,
  textProperty,
} from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';
import { LOCKOUT_MS } from './sessions.ts';

const SERVICE = '/redfish/v1/AccountService';
const ACCOUNTS = `${SERVICE}/Accounts`;
const ROLES = ['Administrator', 'Operator', 'ReadOnly'] as const;
const ACCOUNT_COUNT_MAX = 10;
const PASSWORD_LENGTH_MIN = 8;
const PASSWORD_LENGTH_MAX = 64;

export const accountResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    if (path === SERVICE) return { get: () => serviceBody(state) };
    if (path === ACCOUNTS) {
      return {
        get: () =>
          collection(
            ACCOUNTS,
            'ManagerAccountCollection',
            'Accounts',
            state.accounts.map((account) => `${ACCOUNTS}/${account.id}`),
          ),
        post: ({ body }) => {
          const account = addAccount(state, body);
          return {
            status: 201,
            headers: { Location: `${ACCOUNTS}/${account.id}` },
            body: accountBody(state, account),
          };
        },
      };
    }
    const account = state.accounts.find((each) => path === `${ACCOUNTS}/${each.id}`);
    if (account === undefined) return undefined;
    return {
      get: () => accountBody(state, account),
      patch: ({ body }) => {
        changeAccount(state, account, body);
        return { status: 200, body: accountBody(state, account) };
      },
      remove: () => {
        state.accounts.splice(state.accounts.indexOf(account), 1);
        endSessions(state, account);
        state.saveAccounts(state.accounts);
        return NO_CONTENT;
      },
    };
  };

const addAccount = (state: BmcState, body: JsonObject): Account => {
  refuseUnknown(body, ['UserName', 'Password', 'RoleId', 'Enabled']);
  if (state.accounts.length >= ACCOUNT_COUNT_MAX) {
    throw new RedfishRefusal(
      400,
      'CreateLimitReachedForResource',
      'There is no free account slot.',
    );
  }
  const userName = requiredText(body, 'UserName');
  if (state.accounts.some((each) => each.userName === userName)) {
    throw new RedfishRefusal(400, 'ResourceAlreadyExists', 'An account with that name exists.');
  }
  const numbers = state.accounts.map((each) => Number(each.id));
  const account: Account = {
    id: String(Math.max(0, ...numbers) + 1),
    userName,
    password: acceptablePassword(requiredText(body, 'Password')),
    role: oneOf('RoleId', textProperty(body, 'RoleId') ?? 'ReadOnly', ROLES),
    isEnabled: flagProperty(body, 'Enabled') ?? true,
    wrongPasswordCount: 0,
    lockedUntilMs: 0,
  };
  state.accounts.push(account);
  state.saveAccounts(state.accounts);
  return account;
};

const changeAccount = (state: BmcState, account: Account, body: JsonObject): void => {
  refuseUnknown(body, ['UserName', 'Password', 'RoleId', 'Enabled', 'Locked']);
  const userName = textProperty(body, 'UserName') ?? account.userName;
  const role = oneOf('RoleId', textProperty(body, 'RoleId') ?? account.role, ROLES);
  const isEnabled = flagProperty(body, 'Enabled') ?? account.isEnabled;
  const password = textProperty(body, 'Password');
  const isLocked = flagProperty(body, 'Locked');
  if (isLocked === true) {
    throw new RedfishRefusal(400, 'PropertyValueNotInList', 'Locked can only be set to false.');
  }
  if (password !== undefined) {
    account.password = acceptablePassword(password);
    endSessions(state, account);
  }
  if (isLocked === false) account.lockedUntilMs = 0;
  Object.assign(account, { userName, role, isEnabled });
  state.saveAccounts(state.accounts);
};

const acceptablePassword = (password: string): string => {
  if (password.length < PASSWORD_LENGTH_MIN || password.length > PASSWORD_LENGTH_MAX) {
    throw new RedfishRefusal(
      400,
      'PropertyValueFormatError',
      `The value of Password must have ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters.`,
    );
  }
  return password;
};

/** A changed password ends what was opened with the old one. */
const endSessions = (state: BmcState, account: Account): void => {
  for (const [token, session] of state.sessions) {
    if (session.account === account) state.sessions.delete(token);
  }
};

const serviceBody = (state: BmcState): JsonObject => ({
  '@odata.id': SERVICE,
  '@odata.type': '#AccountService.v1_5_0.AccountService',
  Id: 'AccountService',
  Name: 'Account Service',
  ServiceEnabled: true,
  MinPasswordLength: PASSWORD_LENGTH_MIN,
  MaxPasswordLength: PASSWORD_LENGTH_MAX,
  AccountLockoutThreshold: state.faults.valueOf('lockout') ?? 0,
  AccountLockoutDuration: LOCKOUT_MS / 1000,
  Accounts: { '@odata.id': ACCOUNTS },
});

const accountBody = (state: BmcState, account: Account): JsonObject => ({
  '@odata.id': `${ACCOUNTS}/${account.id}`,
  '@odata.type': '#ManagerAccount.v1_4_0.ManagerAccount',
  Id: account.id,
  Name: 'User Account',
  UserName: account.userName,
  Password: null,
  RoleId: account.role,
  Enabled: account.isEnabled,
  Locked: state.clock.monotonicMs() < account.lockedUntilMs,
});
