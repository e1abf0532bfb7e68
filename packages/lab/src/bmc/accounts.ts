// The accounts of a BMC: list, make, change, remove, and ManagerAccount.ChangePassword. Which of these there are, and
// how well they work, the faults say.

import type { JsonObject } from '@bessemer/protocol/json';
import { endSessions, passwordLengths, setPassword } from './account-password.ts';
import {
  NO_CONTENT,
  type Answer,
  type BmcState,
  type Call,
  type Resource,
  type ResourceFinder,
} from './bmc-state.ts';
import { collection } from './collection.ts';
import { makeAccount, ROLES, type Account } from './manager-account.ts';
import { isChangeDemanded, isDemandWaivable, pathOfAccount } from './password-change.ts';
import {
  flagProperty,
  oneOf,
  refuseUnknown,
  requiredText,
  textProperty,
} from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';
import { lockoutSeconds } from './sessions.ts';

const SERVICE = '/redfish/v1/AccountService';
const ACCOUNTS = `${SERVICE}/Accounts`;
const ROLES_PATH = `${SERVICE}/Roles`;
const CHANGE_PASSWORD = 'Actions/ManagerAccount.ChangePassword';
const ACCOUNT_COUNT_MAX = 10;
const CHANGEABLE = [
  'UserName',
  'Password',
  'RoleId',
  'Enabled',
  'Locked',
  'PasswordChangeRequired',
] as const;
const PRIVILEGES: { readonly [role in Account['role']]: readonly string[] } = {
  Administrator: [
    'Login',
    'ConfigureManager',
    'ConfigureUsers',
    'ConfigureSelf',
    'ConfigureComponents',
  ],
  Operator: ['Login', 'ConfigureSelf', 'ConfigureComponents'],
  ReadOnly: ['Login', 'ConfigureSelf'],
};

export const accountResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    if (path === SERVICE) return { get: () => serviceBody(state) };
    if (path === ACCOUNTS) return accountsResource(state);
    if (path === ROLES_PATH) return { get: () => rolesBody() };
    const role = ROLES.find((each) => path === `${ROLES_PATH}/${each}`);
    if (role !== undefined) return { get: () => roleBody(role) };
    const [, id, rest] =
      /^\/redfish\/v1\/AccountService\/Accounts\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (id === undefined) return undefined;
    const account = state.accounts.find((each) => each.id === id);
    if (account === undefined) {
      return rest === undefined && slotIds(state).includes(id) ? emptySlot(state, id) : undefined;
    }
    if (rest === undefined) return accountResource(state, account);
    return rest === CHANGE_PASSWORD
      ? { post: (call) => changePassword(state, account, call) }
      : undefined;
  };

const accountsResource = (state: BmcState): Resource => ({
  get: () =>
    collection(
      ACCOUNTS,
      'ManagerAccountCollection',
      'Accounts',
      [...new Set([...slotIds(state), ...state.accounts.map(({ id }) => id)])].map(
        (id) => `${ACCOUNTS}/${id}`,
      ),
    ),
  ...(state.faults.isOn('fixed-slots')
    ? {}
    : {
        post: ({ body }) => {
          const numbers = state.accounts.map((each) => Number(each.id));
          const account = addAccount(state, String(Math.max(0, ...numbers) + 1), body);
          return {
            status: 201,
            headers: { Location: pathOfAccount(account) },
            body: accountBody(state, account),
          };
        },
      }),
});

const accountResource = (state: BmcState, account: Account): Resource => ({
  get: () => accountBody(state, account),
  ...(state.faults.isOn('no-account-patch')
    ? {}
    : { patch: (call) => changeAccount(state, account, call) }),
  ...(state.faults.isOn('fixed-slots')
    ? {}
    : {
        remove: () => {
          removeAccount(state, account);
          return NO_CONTENT;
        },
      }),
});

const slotIds = (state: BmcState): readonly string[] =>
  Array.from({ length: state.faults.valueOf('fixed-slots') ?? 0 }, (_, at) => String(at + 1));

const emptySlot = (state: BmcState, id: string): Resource => ({
  get: () => emptyBody(id),
  patch: ({ body }) => {
    if (isNameFixed(state, id)) throw notWritable('UserName');
    return { status: 200, body: accountBody(state, addAccount(state, id, body)) };
  },
});

const removeAccount = (state: BmcState, account: Account): void => {
  state.accounts.splice(state.accounts.indexOf(account), 1);
  endSessions(state, account);
  state.saveAccounts(state.accounts);
};

const addAccount = (state: BmcState, id: string, body: JsonObject): Account => {
  refuseUnknown(body, knownHere(state, ['UserName', 'Password', 'RoleId', 'Enabled']));
  if (state.accounts.length >= (state.faults.valueOf('account-limit') ?? ACCOUNT_COUNT_MAX)) {
    throw new RedfishRefusal(
      400,
      'CreateLimitReachedForResource',
      'There is no free account slot.',
    );
  }
  const userName = requiredText(body, 'UserName');
  requireFreeName(state, userName);
  const given = requiredText(body, 'Password');
  const account = makeAccount({
    id,
    userName,
    password: '',
    role: oneOf('RoleId', textProperty(body, 'RoleId') ?? 'ReadOnly', ROLES),
    isEnabled: flagProperty(body, 'Enabled') ?? true,
  });
  setPassword(state, account, given, { isOwn: false });
  state.accounts.push(account);
  state.saveAccounts(state.accounts);
  return account;
};

const requireFreeName = (state: BmcState, userName: string): void => {
  if (state.accounts.some((each) => each.userName === userName)) {
    throw new RedfishRefusal(400, 'ResourceAlreadyExists', 'An account with that name exists.');
  }
};

const changeAccount = (
  state: BmcState,
  account: Account,
  { body, account: asker }: Call,
): Answer => {
  refuseUnknown(body, knownHere(state, CHANGEABLE));
  const userName = textProperty(body, 'UserName') ?? account.userName;
  const role = oneOf('RoleId', textProperty(body, 'RoleId') ?? account.role, ROLES);
  const isEnabled = flagProperty(body, 'Enabled') ?? account.isEnabled;
  const given = textProperty(body, 'Password');
  const isLocked = flagProperty(body, 'Locked');
  const isDemanded = flagProperty(body, 'PasswordChangeRequired');
  if (isLocked === true) {
    throw new RedfishRefusal(400, 'PropertyValueNotInList', 'Locked can only be set to false.');
  }
  if (isDemanded === false && !isDemandWaivable(state)) throw notWritable('PasswordChangeRequired');
  if (userName !== account.userName) {
    if (isNameFixed(state, account.id)) throw notWritable('UserName');
    if (userName === '' && state.faults.isOn('fixed-slots')) {
      removeAccount(state, account);
      return NO_CONTENT;
    }
    requireFreeName(state, userName);
  }
  if (given !== undefined) setPassword(state, account, given, { isOwn: asker === account });
  if (isDemanded !== undefined) account.isPasswordOwn = !isDemanded;
  if (isLocked === false) account.lockedUntilMs = 0;
  Object.assign(account, { userName, role, isEnabled });
  state.saveAccounts(state.accounts);
  return { status: 200, body: accountBody(state, account) };
};

const knownHere = (state: BmcState, names: readonly string[]): readonly string[] =>
  state.faults.isOn('no-enabled') ? names.filter((each) => each !== 'Enabled') : names;

const isNameFixed = (state: BmcState, id: string): boolean =>
  Number(id) <= (state.faults.valueOf('fixed-names') ?? 0);

const notWritable = (name: string): RedfishRefusal =>
  new RedfishRefusal(400, 'PropertyNotWritable', `The property ${name} is read only.`, [name]);

const changePassword = (
  state: BmcState,
  account: Account,
  { body, account: asker }: Call,
): Answer => {
  refuseUnknown(body, ['NewPassword', 'SessionAccountPassword']);
  if (requiredText(body, 'SessionAccountPassword') !== asker?.password) {
    throw new RedfishRefusal(
      400,
      'ActionParameterValueError',
      'The value of the parameter SessionAccountPassword is not the password of this session.',
      ['SessionAccountPassword', 'ChangePassword'],
    );
  }
  setPassword(state, account, requiredText(body, 'NewPassword'), { isOwn: asker === account });
  return NO_CONTENT;
};

/** A restart of a BMC that keeps nothing. */
export const loseAccounts = (state: BmcState): void => {
  state.accounts.splice(0, Infinity, ...state.firstAccounts.map(makeAccount));
  state.saveAccounts(state.accounts);
};

const serviceBody = (state: BmcState): JsonObject => ({
  '@odata.id': SERVICE,
  '@odata.type': '#AccountService.v1_5_0.AccountService',
  Id: 'AccountService',
  Name: 'Account Service',
  ServiceEnabled: true,
  ...(state.faults.isOn('limits-hidden') ? {} : limitsOf(state)),
  Accounts: { '@odata.id': ACCOUNTS },
  Roles: { '@odata.id': ROLES_PATH },
});

const limitsOf = (state: BmcState): JsonObject => {
  const { min, max } = passwordLengths(state);
  return {
    MinPasswordLength: min,
    MaxPasswordLength: max,
    AccountLockoutThreshold: state.faults.valueOf('lockout') ?? 0,
    AccountLockoutDuration: lockoutSeconds(state),
    AccountLockoutCounterResetAfter: lockoutSeconds(state),
  };
};

const accountBody = (state: BmcState, account: Account): JsonObject => ({
  '@odata.id': pathOfAccount(account),
  '@odata.type': '#ManagerAccount.v1_4_0.ManagerAccount',
  Id: account.id,
  Name: 'User Account',
  UserName: account.userName,
  Password: null,
  RoleId: account.role,
  ...(state.faults.isOn('no-enabled') ? {} : { Enabled: account.isEnabled }),
  Locked: state.clock.monotonicMs() < account.lockedUntilMs,
  AccountTypes: ['Redfish'],
  PasswordChangeRequired: isChangeDemanded(state, account),
  Links: { Role: { '@odata.id': `${ROLES_PATH}/${account.role}` } },
  Actions: {
    '#ManagerAccount.ChangePassword': {
      target: `${pathOfAccount(account)}/${CHANGE_PASSWORD}`,
    },
  },
});

const emptyBody = (id: string): JsonObject => ({
  '@odata.id': `${ACCOUNTS}/${id}`,
  '@odata.type': '#ManagerAccount.v1_4_0.ManagerAccount',
  Id: id,
  Name: 'User Account',
  UserName: '',
  Password: null,
  RoleId: 'None',
  Enabled: false,
  Locked: false,
});

const rolesBody = (): JsonObject =>
  collection(
    ROLES_PATH,
    'RoleCollection',
    'Roles',
    ROLES.map((role) => `${ROLES_PATH}/${role}`),
  );

const roleBody = (role: Account['role']): JsonObject => ({
  '@odata.id': `${ROLES_PATH}/${role}`,
  '@odata.type': '#Role.v1_2_4.Role',
  Id: role,
  Name: 'User Role',
  RoleId: role,
  IsPredefined: true,
  AssignedPrivileges: [...PRIVILEGES[role]],
});
