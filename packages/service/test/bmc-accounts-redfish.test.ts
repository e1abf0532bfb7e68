// Accounts over Redfish, against the lab's BMC: as it is, with fixed slots, and with each of its faults.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { FaultName } from '../../lab/src/bmc/faults.ts';
import { accountsContract } from './bmc-accounts/accounts-contract.ts';
import { codeOf, credential, FIRST, SECOND } from './bmc-accounts/credentials.ts';
import { openLabRedfish } from './bmc-accounts/lab-redfish.ts';

accountsContract("the lab's Redfish BMC", (context) => openLabRedfish(context));

for (const fault of [
  'fixed-slots',
  'require-if-match',
  'sessions-survive',
  'no-enabled',
] as const) {
  accountsContract(`the lab's Redfish BMC with ${fault}`, async (context) => {
    const bench = await openLabRedfish(context);
    bench.bmc.faults.set(fault);
    return bench;
  });
}

accountsContract("the lab's Redfish BMC without sessions", (context) =>
  openLabRedfish(context, { redfish_auth_type: 'basic' }),
);

for (const [fault, value, code] of [
  ['password-special', 1, 'bmc.password-policy'],
  ['password-min-length', 20, 'bmc.password-policy'],
  ['password-max-length', 12, 'bmc.password-policy'],
  ['account-limit', 1, 'bmc.accounts-full'],
  ['account-answer-lost', 1, 'bmc.unreachable'],
] as const) {
  test(`${fault}: a new account fails with ${code}, and the old login works`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    bmc.faults.set(fault, value);
    const wish = { id: null, credential: credential('bsmr-a', 'Abcd2345Efgh6789') };

    assert.equal(await codeOf(door.set(node, administrator, wish)), code);
    await door.proveLogin(node, administrator);
  });
}

for (const [fault, value, code] of [
  ['password-history', 5, 'bmc.password-policy'],
  ['password-too-soon', 60, 'bmc.too-soon'],
  ['unavailable', 99, 'bmc.unreachable'],
] as const) {
  test(`${fault}: a change fails with ${code}, and the password is as it was`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    const id = await door.set(node, administrator, { id: null, credential: FIRST });
    await door.set(node, administrator, { id, credential: SECOND });
    bmc.faults.set(fault, value);

    assert.equal(await codeOf(door.set(node, administrator, { id, credential: FIRST })), code);

    bmc.faults.clear(fault);
    await door.proveLogin(node, SECOND);
  });
}

test('an account that is too young says for how long', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('password-too-soon', 60);

  const setting = door.set(node, administrator, { id, credential: SECOND });

  await assert.rejects(setting, (error) => {
    assert.ok(error instanceof Failure);
    return error.details['seconds'] === 60;
  });
});

for (const fault of ['stale-etag', 'unavailable', 'password-late'] as const) {
  test(`${fault}: an account is set all the same`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    const id = await door.set(node, administrator, { id: null, credential: FIRST });
    bmc.faults.set(fault, 1);

    await door.set(node, administrator, { id, credential: SECOND });

    bmc.faults.clear(fault);
    await door.proveLogin(node, SECOND);
  });
}

test('a lost answer: the change was made, and is not sent twice', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('account-answer-lost', 1);
  bmc.faults.set('password-history', 5);

  const code = await codeOf(door.set(node, administrator, { id, credential: SECOND }));

  assert.equal(code, 'bmc.unreachable');
  await door.proveLogin(node, SECOND);
});

test('a lost answer to the change of the own password: no login is spent on it', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const changed = credential(administrator.username, 'Newp-2345-Efgh-6');
  bmc.faults.set('account-answer-lost', 1);

  const code = await codeOf(door.set(node, administrator, { id: null, credential: changed }));

  assert.equal(code, 'bmc.unreachable');
  await door.proveLogin(node, changed);
  assert.equal(bmc.counters.wrongPasswords, 0);
});

test('password-ignored: success is told, and only a login shows the lie', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('password-ignored');

  await door.set(node, administrator, { id, credential: SECOND });

  assert.equal(await codeOf(door.proveLogin(node, SECOND)), 'bmc.credentials');
  await door.proveLogin(node, FIRST);
});

for (const keptBytes of [16, 20] as const) {
  test(`password-cut at ${keptBytes}: the first ${keptBytes} bytes let in, all of them do not`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    bmc.faults.set('password-cut', keptBytes);
    const long = 'Abcdefgh23456789-Efgh-6x';

    await door.set(node, administrator, { id: null, credential: credential('bsmr-a', long) });

    const whole = codeOf(door.proveLogin(node, credential('bsmr-a', long)));
    assert.equal(await whole, 'bmc.credentials');
    await door.proveLogin(node, credential('bsmr-a', long.slice(0, keptBytes)));
  });
}

for (const own of [true, false]) {
  test(`no-account-patch: ${own ? 'the own' : "another's"} password is changed by the action`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    const id = await door.set(node, administrator, { id: null, credential: FIRST });
    bmc.faults.set('no-account-patch');

    await door.set(node, own ? FIRST : administrator, { id, credential: SECOND });

    await door.proveLogin(node, SECOND);
  });
}

test('no-account-patch: what a password cannot change fails with bmc.account-fixed', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  await door.disable(node, administrator, id);
  bmc.faults.set('no-account-patch');

  const code = await codeOf(door.set(node, administrator, { id, credential: SECOND }));

  assert.equal(code, 'bmc.account-fixed');
});

test('no-account-patch: an account is disabled by its removal', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('no-account-patch');

  await door.disable(node, administrator, id);

  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
});

test('fixed-names: a name for an empty place fails with bmc.account-fixed', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('fixed-slots');
  bmc.faults.set('fixed-names', 10);

  const code = await codeOf(door.set(node, administrator, { id: null, credential: FIRST }));

  assert.equal(code, 'bmc.account-fixed');
});

test('full slots fail with bmc.accounts-full', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('fixed-slots', 3);
  await door.set(node, administrator, { id: null, credential: FIRST });

  const third = credential('third', 'Abcd-2345-Efgh-6');
  const code = await codeOf(door.set(node, administrator, { id: null, credential: third }));

  assert.equal(code, 'bmc.accounts-full');
});

test('a factory password that has to be changed first is changed', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('password-change-required');
  const changed = credential(administrator.username, 'Newp-2345-Efgh-6');
  const before = await codeOf(door.proveLogin(node, administrator));

  await door.set(node, administrator, { id: null, credential: changed });

  assert.equal(before, 'bmc.credentials');
  await door.proveLogin(node, changed);
});

for (const [value, sentence] of [
  [1, 'the administrator waives the demand'],
  [2, 'the account chooses the password that it was given'],
] as const) {
  test(`an account that others made has to change its password: ${sentence}`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    bmc.faults.set('password-change-required', value);
    const changed = credential(administrator.username, 'Newp-2345-Efgh-6');
    await door.set(node, administrator, { id: null, credential: changed });

    await door.set(node, changed, { id: null, credential: FIRST });

    await door.proveLogin(node, FIRST);
  });
}

test('an account that may not choose the password that it was given cannot be used', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('password-change-required', 2);
  bmc.faults.set('password-history', 5);
  const changed = credential(administrator.username, 'Newp-2345-Efgh-6');
  await door.set(node, administrator, { id: null, credential: changed });

  const code = await codeOf(door.set(node, changed, { id: null, credential: FIRST }));

  assert.equal(code, 'bmc.account-fixed');
  await door.proveLogin(node, changed);
});

test('a locked account is shown, and unlocked by setting it', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('lockout', 1);
  await codeOf(door.proveLogin(node, SECOND));

  const listed = await door.list(node, administrator);
  await door.set(node, administrator, { id, credential: SECOND });

  assert.equal(listed.find((each) => each.id === id)?.isLocked, true);
  await door.proveLogin(node, SECOND);
});

test('a BMC that locks after three refusals is never brought to two', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('lockout', 3);
  await door.fetchLimits(node, administrator);

  for (const each of ['1', '2', '3', '4']) {
    await codeOf(
      door.proveLogin(node, credential(administrator.username, `Wrong-2345-Efg${each}`)),
    );
  }

  assert.equal(bmc.counters.wrongPasswords, 1);
});

for (const [faults, expected] of [
  [
    { lockout: 5, 'lockout-seconds': 60, 'password-min-length': 10, 'password-max-length': 20 },
    {
      lengthMinBytes: 10,
      lengthMaxBytes: 20,
      lockoutThreshold: 5,
      lockoutMs: 60_000,
      lockoutResetMs: 60_000,
    },
  ],
  [{ lockout: 5, 'limits-hidden': 1 }, {}],
] as const) {
  test(`limits with ${Object.keys(faults).join(', ')}`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    for (const [fault, value] of Object.entries(faults)) bmc.faults.set(fault as FaultName, value);

    assert.deepEqual(await door.fetchLimits(node, administrator), expected);
  });
}
