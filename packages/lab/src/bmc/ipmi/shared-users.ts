// The users table of a machine that Redfish speaks for too: both show and change the same accounts. The number of a
// user is the id of its account; user 1 stays the anonymous one.

import { randomBytes } from 'node:crypto';

import { makeAccount, type Account } from '../manager-account.ts';
import {
  emptyUser,
  MESSAGING,
  NO_ACCESS,
  PASSWORD_BYTES,
  USER_SLOTS,
  type IpmiUser,
} from './bmc-memory.ts';

const ROLE_OF: { readonly [privilege: number]: Account['role'] } = {
  2: 'ReadOnly',
  3: 'Operator',
  4: 'Administrator',
};

export const shareUsers = (accounts: Account[]): Map<number, IpmiUser> =>
  new Map(
    Array.from({ length: USER_SLOTS }, (_, at) => at + 1).map((id) => [
      id,
      id === 1 ? emptyUser() : sharedUser(accounts, String(id)),
    ]),
  );

/** What Redfish knows comes from the account; what it has no word for is kept here. */
const sharedUser = (accounts: Account[], id: string): IpmiUser => {
  const own = emptyUser();
  let isOwnPrivilege = false;
  const find = (): Account | undefined => accounts.find((each) => each.id === id);
  // What Redfish made may be used over IPMI from the first moment.
  const isNew = (): boolean => own.accessFlags === 0 && !isOwnPrivilege;
  return {
    get name() {
      return find()?.userName ?? '';
    },
    set name(name) {
      const account = find();
      if (name === '' && account !== undefined) accounts.splice(accounts.indexOf(account), 1);
      else if (account !== undefined) account.userName = name;
      else if (name !== '') {
        const { isEnabled } = own;
        isOwnPrivilege = true;
        accounts.push(
          makeAccount({ id, userName: name, password: '', role: 'ReadOnly', isEnabled }),
        );
      }
    },
    get password() {
      const bytes = Buffer.from(find()?.password ?? '');
      // Longer than IPMI knows: no login over IPMI is right.
      if (bytes.length > PASSWORD_BYTES) return randomBytes(PASSWORD_BYTES);
      return Buffer.concat([bytes, Buffer.alloc(PASSWORD_BYTES - bytes.length)]);
    },
    set password(bytes) {
      const account = find();
      if (account !== undefined) account.password = bytes.toString().replace(/\0+$/, '');
    },
    get passwordBytes() {
      return Buffer.byteLength(find()?.password ?? '') > 16 ? 20 : 16;
    },
    set passwordBytes(_size) {},
    get isEnabled() {
      return find()?.isEnabled ?? own.isEnabled;
    },
    set isEnabled(isEnabled) {
      own.isEnabled = isEnabled;
      const account = find();
      if (account !== undefined) account.isEnabled = isEnabled;
    },
    get privilege() {
      const account = find();
      if (isOwnPrivilege || account === undefined) return own.privilege;
      return Number(
        Object.entries(ROLE_OF).find(([, role]) => role === account.role)?.[0] ?? NO_ACCESS,
      );
    },
    set privilege(privilege) {
      const account = find();
      const role = ROLE_OF[privilege];
      own.privilege = privilege;
      isOwnPrivilege = account === undefined || role === undefined;
      if (account !== undefined && role !== undefined) account.role = role;
    },
    get accessFlags() {
      return find() !== undefined && isNew() ? MESSAGING : own.accessFlags;
    },
    set accessFlags(flags) {
      own.accessFlags = flags;
    },
    get wrongPasswordCount() {
      return find()?.wrongPasswordCount ?? 0;
    },
    set wrongPasswordCount(count) {
      const account = find();
      if (account !== undefined) account.wrongPasswordCount = count;
    },
    get wrongPasswordMs() {
      return find()?.wrongPasswordMs ?? 0;
    },
    set wrongPasswordMs(atMs) {
      const account = find();
      if (account !== undefined) account.wrongPasswordMs = atMs;
    },
    get lockedUntilMs() {
      return find()?.lockedUntilMs ?? 0;
    },
    set lockedUntilMs(untilMs) {
      const account = find();
      if (account !== undefined) account.lockedUntilMs = untilMs;
    },
  };
};
