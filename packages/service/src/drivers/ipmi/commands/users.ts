// Accounts of the BMC. User 1 is the reserved anonymous one; a number is a slot that may be empty.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { PRIVILEGES, privilegeName, type Privilege } from '../privilege.ts';
import { nameField, requireUserId } from './user-fields.ts';

const USER_NAME_BYTES = 16;

export const getUserName = (userId: number): IpmiCommand<string> => ({
  name: 'Get User Name',
  netFn: NET_FN.app,
  command: 0x46,
  write: () => Buffer.from([requireUserId(userId)]),
  isRepeatable: true,
  read: (reader) => {
    const field = reader.take(USER_NAME_BYTES);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? USER_NAME_BYTES : end).toString('latin1');
  },
});

export const setUserName = (userId: number, name: string): IpmiCommand<void> => ({
  name: 'Set User Name',
  netFn: NET_FN.app,
  command: 0x45,
  write: () => Buffer.concat([Buffer.from([requireUserId(userId)]), nameField(name)]),
  isRepeatable: true,
  read: () => undefined,
});

export type UserAccess = {
  /** Slots that the BMC has, the same in every answer. */
  readonly userCountMax: number;
  readonly enabledCount: number;
  /** Slots whose names cannot be changed. */
  readonly fixedNameCount: number;
  /** Null: the BMC does not tell. */
  readonly isEnabled: boolean | null;
  readonly isCallbackOnly: boolean;
  readonly hasLinkAuthentication: boolean;
  readonly hasIpmiMessaging: boolean;
  readonly privilegeLimit: Privilege | 'none' | 'oem';
};

export const getUserAccess = (channel: number, userId: number): IpmiCommand<UserAccess> => ({
  name: 'Get User Access',
  netFn: NET_FN.app,
  command: 0x44,
  write: () => Buffer.from([channel, requireUserId(userId)]),
  isRepeatable: true,
  read: (reader) => {
    const userCountMax = reader.byte() & 0x3f;
    const enabled = reader.byte();
    const fixedNameCount = reader.byte() & 0x3f;
    const access = reader.byte();
    return {
      userCountMax,
      enabledCount: enabled & 0x3f,
      fixedNameCount,
      isEnabled: [null, true, false, null][enabled >> 6] ?? null,
      isCallbackOnly: (access & 0x40) !== 0,
      hasLinkAuthentication: (access & 0x20) !== 0,
      hasIpmiMessaging: (access & 0x10) !== 0,
      privilegeLimit: privilegeName(access & 0x0f),
    };
  },
});

const CHANGE_FLAGS = 0x80;
const NO_ACCESS = 0x0f;

export const setUserAccess = (
  channel: number,
  userId: number,
  access: Pick<UserAccess, 'isCallbackOnly' | 'hasLinkAuthentication' | 'hasIpmiMessaging'> & {
    readonly privilegeLimit: Privilege | 'none';
  },
): IpmiCommand<void> => ({
  name: 'Set User Access',
  netFn: NET_FN.app,
  command: 0x43,
  write: () =>
    Buffer.from([
      CHANGE_FLAGS |
        (access.isCallbackOnly ? 0x40 : 0) |
        (access.hasLinkAuthentication ? 0x20 : 0) |
        (access.hasIpmiMessaging ? 0x10 : 0) |
        channel,
      requireUserId(userId),
      access.privilegeLimit === 'none' ? NO_ACCESS : PRIVILEGES[access.privilegeLimit],
    ]),
  isRepeatable: true,
  read: () => undefined,
});
