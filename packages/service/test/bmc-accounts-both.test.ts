// A BMC that speaks Redfish and IPMI: the doors open to the same accounts, and share the budget of logins.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accountsContract } from './bmc-accounts/accounts-contract.ts';
import { codeOf, credential, FIRST, SECOND, untilTrue } from './bmc-accounts/credentials.ts';
import { openLabBoth } from './bmc-accounts/lab-both.ts';
import { openLabRedfish } from './bmc-accounts/lab-redfish.ts';

accountsContract('both, over IPMI', async (context) => {
  const bench = await openLabBoth(context);
  return {
    ...bench,
    door: bench.ipmiDoor,
    sessionCount: bench.ipmiSessionCount,
    refusalCount: () => bench.ipmi.counters.wrongPasswords,
  };
});

test('a node without ipmi_address has one door', async (context) => {
  const { driver, node } = await openLabRedfish(context);

  assert.deepEqual(
    driver.accounts?.(node).map((each) => each.protocol),
    ['redfish'],
  );
});

test('an account that was made over Redfish logs in over IPMI, and the other way round', async (context) => {
  const { door, ipmiDoor, node, administrator } = await openLabBoth(context);
  const other = credential('bsmr-b', 'Oth2-2345-Efgh-6');

  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  await ipmiDoor.set(node, FIRST, { id: null, credential: other });

  await ipmiDoor.proveLogin(node, FIRST);
  await door.proveLogin(node, other);
  const names = (await ipmiDoor.list(node, other)).map((each) => each.username);
  assert.deepEqual(names.slice(0, 4), ['', 'admin', FIRST.username, other.username]);
  assert.match(id, /\/3$/);
});

test('a new password holds for both protocols', async (context) => {
  const { door, ipmiDoor, node, administrator } = await openLabBoth(context);
  await door.set(node, administrator, { id: null, credential: FIRST });

  await ipmiDoor.set(node, administrator, { id: null, credential: SECOND });

  await door.proveLogin(node, SECOND);
  await ipmiDoor.proveLogin(node, SECOND);
  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
});

test('refused logins of both protocols count together', async (context) => {
  const { door, ipmiDoor, node, administrator, bmc, ipmi } = await openLabBoth(context);
  const wrong = (end: string) => credential(administrator.username, `Wrong-2345-Efg${end}`);

  const codes = [
    await codeOf(door.proveLogin(node, wrong('1'))),
    await codeOf(ipmiDoor.proveLogin(node, wrong('2'))),
    await codeOf(door.proveLogin(node, wrong('3'))),
    await codeOf(ipmiDoor.proveLogin(node, wrong('4'))),
  ];

  await untilTrue(() => ipmi.counters.wrongPasswords === 1);
  assert.deepEqual(codes, [
    'bmc.credentials',
    'bmc.credentials',
    'bmc.login-budget',
    'bmc.login-budget',
  ]);
  assert.deepEqual([bmc.counters.wrongPasswords, ipmi.counters.wrongPasswords], [1, 1]);
});

test('a password that IPMI cannot carry works over Redfish alone', async (context) => {
  const { door, ipmiDoor, node, administrator } = await openLabBoth(context);
  const long = credential('long', 'Abcd-2345-Efgh-6789xyzw');

  await door.set(node, administrator, { id: null, credential: long });

  await door.proveLogin(node, long);
  assert.equal(await codeOf(ipmiDoor.proveLogin(node, long)), 'bmc.password-policy');
});
