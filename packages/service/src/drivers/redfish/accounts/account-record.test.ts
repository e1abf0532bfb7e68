import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '@bessemer/protocol/json';

import { accountOf, limitsOf } from './account-record.ts';

const resource = (body: JsonObject) => ({ path: '/a/1', body, etag: undefined });

for (const [body, privilege] of [
  [{ RoleId: 'Administrator' }, 'administrator'],
  [{ RoleId: 'Operator' }, 'operator'],
  [{ RoleId: 'ReadOnly' }, 'user'],
  [{ RoleId: 'None' }, 'none'],
  [{ RoleId: 'NoAccess' }, 'none'],
  [{ RoleId: '' }, 'none'],
  [{ RoleId: 'ServiceAgent' }, 'other'],
  [{ RoleId: 7 }, 'other'],
  [{}, 'other'],
] as const) {
  test(`${JSON.stringify(body)} may do what "${privilege}" says`, () => {
    assert.equal(accountOf(resource(body)).privilege, privilege);
  });
}

test('what a BMC does not tell of an account is null', () => {
  const { username, isEnabled, isLocked } = accountOf(resource({ Enabled: 'yes' }));

  assert.deepEqual(
    { username, isEnabled, isLocked },
    { username: '', isEnabled: null, isLocked: null },
  );
});

test('control characters in a name do not reach a terminal', () => {
  assert.equal(accountOf(resource({ UserName: 'a\u001b[2Jb' })).username, 'a [2Jb');
});

for (const [body, limits] of [
  [{}, {}],
  [{ AccountLockoutThreshold: 0, AccountLockoutDuration: 0 }, { lockoutThreshold: 0 }],
  [
    { AccountLockoutDuration: 1e300, AccountLockoutCounterResetAfter: 99_999_999_999 },
    { lockoutMs: 604_800_000, lockoutResetMs: 604_800_000 },
  ],
  [{ MinPasswordLength: 0, MaxPasswordLength: 0 }, {}],
  [{ MinPasswordLength: -1, MaxPasswordLength: '20' }, {}],
  [
    {
      MinPasswordLength: 13,
      MaxPasswordLength: 20,
      AccountLockoutThreshold: 4,
      AccountLockoutDuration: 600,
    },
    { lengthMinBytes: 13, lengthMaxBytes: 20, lockoutThreshold: 4, lockoutMs: 600_000 },
  ],
] as const) {
  test(`limits of ${JSON.stringify(body)}`, () => {
    assert.deepEqual(limitsOf(resource(body)), limits);
  });
}
