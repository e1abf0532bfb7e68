// Accounts over IPMI, against the lab's BMC with cipher suite 17: as it is, and with each of its faults.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { IpmiFault } from '../../lab/src/bmc/ipmi/bmc-memory.ts';
import { accountsContract } from './bmc-accounts/accounts-contract.ts';
import { codeOf, credential, FIRST, SECOND, untilTrue } from './bmc-accounts/credentials.ts';
import { openLabIpmi } from './bmc-accounts/ipmi-bench.ts';

accountsContract("the lab's IPMI BMC", openLabIpmi);

for (const fault of ['hidden-enabled', 'lying-test'] as const) {
  accountsContract(`the lab's IPMI BMC with ${fault}`, async (context) => {
    const bench = await openLabIpmi(context);
    bench.bmc.faults.set(fault, 1);
    return bench;
  });
}

for (const [fault, value, code] of [
  ['refuse-passwords', 1, 'bmc.password-policy'],
  ['fixed-names', 10, 'bmc.accounts-full'],
  ['user-count', 2, 'bmc.accounts-full'],
] as const) {
  test(`${fault}: a new account fails with ${code}, and the old login works`, async (context) => {
    const { door, node, administrator, bmc } = await openLabIpmi(context);
    bmc.faults.set(fault, value);

    const setting = door.set(node, administrator, { id: null, credential: FIRST });

    assert.equal(await codeOf(setting), code);
    await door.proveLogin(node, administrator);
  });
}

for (const [fault, value] of [
  ['drop-answers', 3],
  ['late-passwords', 1],
] as const satisfies readonly (readonly [IpmiFault, number])[]) {
  test(`${fault}: an account is set all the same`, async (context) => {
    const { door, node, administrator, bmc } = await openLabIpmi(context);
    bmc.faults.set(fault, value);

    await door.set(node, administrator, { id: null, credential: FIRST });

    await door.proveLogin(node, FIRST);
  });
}

test('ignore-passwords: success is told, and only a login shows the lie', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('ignore-passwords', 1);

  await door.set(node, administrator, { id, credential: SECOND });

  assert.equal(await codeOf(door.proveLogin(node, SECOND)), 'bmc.credentials');
  await door.proveLogin(node, FIRST);
});

test('cut-passwords at 16: the first 16 bytes let in, all 20 do not', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  bmc.faults.set('cut-passwords', 16);
  const long = 'Abcd-2345-Efgh-6789x';

  await door.set(node, administrator, { id: null, credential: credential('bsmr-a', long) });

  const whole = codeOf(door.proveLogin(node, credential('bsmr-a', long)));
  assert.equal(await whole, 'bmc.credentials');
  await door.proveLogin(node, credential('bsmr-a', long.slice(0, 16)));
});

test('20 bytes are set as 20, and 16 as 16', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const long = credential('long', 'Abcd-2345-Efgh-6789x');

  await door.set(node, administrator, { id: null, credential: FIRST });
  await door.set(node, administrator, { id: null, credential: long });

  await door.proveLogin(node, long);
  const sizes = [...bmc.users.values()].slice(2, 4).map((user) => user.passwordBytes);
  assert.deepEqual(sizes, [16, 20]);
});

test('21 bytes are refused before the BMC is told of them', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const long = credential('long', 'Abcd-2345-Efgh-6789xy');
  const before = JSON.stringify([...bmc.users]);

  const codes = [
    await codeOf(door.set(node, administrator, { id: null, credential: long })),
    await codeOf(door.proveLogin(node, long)),
  ];

  assert.deepEqual(codes, ['bmc.password-policy', 'bmc.password-policy']);
  assert.equal(JSON.stringify([...bmc.users]), before);
});

test('a user whose name is fixed takes a password', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('fixed-names', 3);

  await door.set(node, administrator, { id: '3', credential: SECOND });

  await door.proveLogin(node, SECOND);
  assert.equal((await door.list(node, administrator))[2]?.isNameFixed, true);
});

test('user 1 is never set, and can be disabled', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const anonymous = bmc.users.get(1);
  assert.ok(anonymous !== undefined);
  anonymous.isEnabled = true;

  const id = await door.set(node, administrator, { id: '1', credential: FIRST });
  await door.disable(node, administrator, '1');

  assert.equal(id, '3');
  assert.deepEqual([anonymous.name, anonymous.isEnabled], ['', false]);
});

test('an account that is user 1 keeps its password', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const first = bmc.users.get(1);
  assert.ok(first !== undefined);
  Object.assign(first, { name: 'root', isEnabled: true });
  const rooted = credential('root', 'Abcd-2345-Efgh-6');

  const code = await codeOf(door.set(node, administrator, { id: null, credential: rooted }));

  assert.equal(code, 'bmc.account-fixed');
  assert.equal(bmc.users.get(3)?.name, '');
});

test('control characters in a name do not reach a terminal', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  Object.assign(bmc.users.get(4) ?? {}, { name: 'a\u001b[2Jb' });

  const listed = await door.list(node, administrator);

  assert.equal(listed[3]?.username, 'a [2Jb');
});

test('a locked user is unlocked by setting it', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('lockout', 1);
  await codeOf(door.proveLogin(node, SECOND));
  await untilTrue(() => bmc.counters.wrongPasswords === 1);
  const locked = bmc.users.get(3)?.lockedUntilMs;

  await door.set(node, administrator, { id, credential: SECOND });

  assert.equal(locked, Infinity);
  await door.proveLogin(node, SECOND);
});

test('a restart that loses users: the new one is refused, the first one works', async (context) => {
  const { door, node, administrator, bmc, restart } = await openLabIpmi(context);
  await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('accounts-lost', 1);

  restart();

  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
  await door.proveLogin(node, administrator);
});

test('an operator is no administrator', async (context) => {
  const { door, node, administrator, bmc } = await openLabIpmi(context);
  await door.set(node, administrator, { id: null, credential: FIRST });
  const user = bmc.users.get(3);
  assert.ok(user !== undefined);
  user.privilege = 3;

  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.refused');
});

test('the limits are those of IPMI 2.0, and as many users as the BMC says', async (context) => {
  const { door, node, administrator } = await openLabIpmi(context);

  const limits = await door.fetchLimits(node, administrator);

  assert.deepEqual(limits, { lengthMaxBytes: 20, accountsMax: 10 });
});

test('what does not answer fails with bmc.unreachable', async (context) => {
  const { door, node, administrator } = await openLabIpmi(context);
  // Discard: nothing listens there.
  const away = { ...node, driverInfo: { ...node.driverInfo, ipmi_port: 9 } };

  assert.equal(await codeOf(door.proveLogin(away, administrator)), 'bmc.unreachable');
});
