// Passwords of accounts. A success is not proof that the password is set: BMCs cut at 16 or 20 bytes, and some
// say yes to every test. Only a fresh login with it is proof.

import type { Secret } from '#trust/secret';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { NET_FN, type IpmiCommand } from '../command.ts';
import { requireUserId } from './user-fields.ts';

/** The two sizes that a BMC keeps; it remembers which, and a 20-byte password cannot be tested as a 16-byte one. */
export type PasswordSize = 16 | 20;

const OPERATION = { disable: 0, enable: 1, set: 2, test: 3 } as const;
const IS_20_BYTES = 0x80;
const TEST_ANSWERS: { readonly [code: number]: PasswordTest } = {
  0x00: 'same',
  0x80: 'different',
  0x81: 'other-size',
};

export type PasswordTest = 'same' | 'different' | 'other-size';

const withPassword = (
  userId: number,
  operation: number,
  password: Secret<string>,
  sizeBytes: PasswordSize,
): Buffer => {
  const bytes = Buffer.from(password.reveal());
  if (bytes.length > sizeBytes || bytes.includes(0)) {
    throw new Refusal(400, `The IPMI password must fit in ${sizeBytes} bytes, none of them zero`);
  }
  const flags = sizeBytes === 20 ? IS_20_BYTES : 0;
  return Buffer.concat([
    Buffer.from([flags | requireUserId(userId), operation]),
    bytes,
    Buffer.alloc(sizeBytes - bytes.length),
  ]);
};

export const setUserPassword = (
  userId: number,
  password: Secret<string>,
  sizeBytes: PasswordSize,
): IpmiCommand<void> => ({
  name: 'Set User Password',
  netFn: NET_FN.app,
  command: 0x47,
  write: () => withPassword(userId, OPERATION.set, password, sizeBytes),
  isRepeatable: true,
  read: () => undefined,
});

/** Advice only; and on some BMCs a failed test counts as a failed login. */
export const testUserPassword = (
  userId: number,
  password: Secret<string>,
  sizeBytes: PasswordSize,
): IpmiCommand<PasswordTest> => ({
  name: 'Test User Password',
  netFn: NET_FN.app,
  command: 0x47,
  write: () => withPassword(userId, OPERATION.test, password, sizeBytes),
  isRepeatable: false,
  expected: [0x80, 0x81],
  read: (_reader, completionCode) => TEST_ANSWERS[completionCode] ?? 'different',
});

export const setUserEnabled = (userId: number, isEnabled: boolean): IpmiCommand<void> => ({
  name: isEnabled ? 'Enable User' : 'Disable User',
  netFn: NET_FN.app,
  command: 0x47,
  write: () =>
    Buffer.from([requireUserId(userId), isEnabled ? OPERATION.enable : OPERATION.disable]),
  isRepeatable: true,
  read: () => undefined,
});
