import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';

import { BmcRefused } from '../refused.ts';
import { accountFailure } from './password-refusal.ts';

const refused = (status: number, key: string, text = '', args: readonly string[] = []) =>
  new BmcRefused(`refused: ${text}`, status, [{ key, text, arguments: args }], '/a/1');

for (const [status, key, text, args, code] of [
  [
    400,
    'PropertyValueFormatError',
    'The value *** for the property Password is of a different format',
    ['***', 'Password'],
    'bmc.password-policy',
  ],
  [400, 'PropertyValueError', '', ['Password'], 'bmc.password-policy'],
  [
    400,
    'StringValueTooShort',
    'The string *** of Password was too short',
    ['***', '12'],
    'bmc.password-policy',
  ],
  [
    400,
    'ActionParameterValueFormatError',
    '',
    ['***', 'NewPassword', 'ChangePassword'],
    'bmc.password-policy',
  ],
  [400, 'InvalidPasswordComplexity', 'Not complex enough', [], 'bmc.password-policy'],
  [400, 'PropertyValueError', '', ['RoleId'], 'bmc.refused'],
  [400, 'MalformedJSON', 'The request is not JSON', [], 'bmc.refused'],
  [
    400,
    'PasswordReused',
    'The password was used before: it is in the password history',
    [],
    'bmc.password-policy',
  ],
  [
    400,
    'GeneralError',
    'The password failed to meet the "Minimum password reuse cycle" requirements',
    [],
    'bmc.password-policy',
  ],
  [
    400,
    'GeneralError',
    'The password cannot be changed because the "Minimum password change interval" time is not exceeded',
    [],
    'bmc.too-soon',
  ],
  [
    400,
    'PasswordMinimumAge',
    'The password was changed too soon: its minimum age is 60 seconds',
    [],
    'bmc.too-soon',
  ],
  [400, 'CreateLimitReachedForResource', '', [], 'bmc.accounts-full'],
  [400, 'GeneralError', 'The maximum number of users is reached', [], 'bmc.accounts-full'],
  [400, 'PropertyNotWritable', '', ['UserName'], 'bmc.account-fixed'],
  [405, 'ActionNotSupported', '', [], 'bmc.account-fixed'],
  [403, 'InsufficientPrivilege', 'There is no privilege for Password', [], 'bmc.refused'],
  [500, 'InternalError', 'The password could not be kept', [], 'bmc.protocol'],
] as const) {
  test(`${status} ${key} "${text}" is ${code}`, () => {
    const failure = accountFailure(refused(status, key, text, args), 'bsmr-a');

    assert.ok(failure instanceof Failure);
    assert.equal(failure.code, code);
  });
}

test('how long is to be waited is told where the BMC tells it', () => {
  const failure = accountFailure(
    refused(400, 'PasswordMinimumAge', 'Wait 3600 seconds: the password was changed too soon'),
    'bsmr-a',
  );

  assert.ok(failure instanceof Failure);
  assert.equal(failure.details['seconds'], 3600);
});

test('what is no refusal of the BMC passes as it is', () => {
  const error = new Failure('bmc.unreachable', 'away');

  assert.equal(accountFailure(error, 'bsmr-a'), error);
});
