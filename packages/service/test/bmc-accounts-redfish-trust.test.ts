// What the door to accounts over Redfish believes, tells and leaves behind, against the lab's BMC.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { Failure } from '@bessemer/protocol/errors/failure';

import { codeOf, credential, FIRST } from './bmc-accounts/credentials.ts';
import { openLabRedfish } from './bmc-accounts/lab-redfish.ts';

test('a restart that loses accounts: the new one is refused, the first one works', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  await door.set(node, administrator, { id: null, credential: FIRST });
  bmc.faults.set('accounts-lost');

  bmc.restart();

  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.credentials');
  await door.proveLogin(node, administrator);
});

test('another certificate: nothing is sent', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  await bmc.showCertificate('unknown');
  const requestCount = bmc.counters.requests;

  const codes = [
    await codeOf(door.proveLogin(node, administrator)),
    await codeOf(door.set(node, administrator, { id: null, credential: FIRST })),
  ];

  assert.deepEqual(codes, ['bmc.certificate', 'bmc.certificate']);
  assert.equal(bmc.counters.requests, requestCount);
});

test('an unverified BMC, where the node says so, is told of each time', async (context) => {
  const { door, node, administrator, events } = await openLabRedfish(context, {
    redfish_verify_ca: false,
  });

  await door.set(node, administrator, { id: null, credential: FIRST });
  await door.proveLogin(node, FIRST);

  assert.deepEqual(events, ['bmc.tls.unverified', 'bmc.tls.unverified']);
});

test('other sessions of the old password are ended', async (context) => {
  const { door, driver, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('sessions-survive');
  await driver.power.fetchState(node);
  const before = bmc.sessionCount();
  const changed = credential(administrator.username, 'Newp-2345-Efgh-6');

  await door.set(node, administrator, { id: null, credential: changed });

  assert.deepEqual([before, bmc.sessionCount()], [1, 0]);
});

test('an operator is no administrator', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  const id = await door.set(node, administrator, { id: null, credential: FIRST });
  const account = bmc.accounts.find((each) => id.endsWith(`/${each.id}`));
  assert.ok(account !== undefined);
  account.role = 'Operator';

  assert.equal(await codeOf(door.proveLogin(node, FIRST)), 'bmc.refused');
});

test('a BMC that repeats the password in its refusal does not make it known', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('password-echoed');
  bmc.faults.set('password-min-length', 30);
  const canary = credential('bsmr-a', 'Canary-345-Efgh6');

  const error: unknown = await door
    .set(node, administrator, { id: null, credential: canary })
    .catch((thrown: unknown) => thrown);

  assert.ok(error instanceof Failure);
  assert.match(error.message, /\*\*\*/);
  assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /Canary/);
});

for (const fault of ['foreign-links', 'redirect', 'not-json'] as const) {
  test(`${fault}: nothing is believed`, async (context) => {
    const { door, node, administrator, bmc } = await openLabRedfish(context);
    bmc.faults.set(fault);

    assert.equal(await codeOf(door.list(node, administrator)), 'bmc.protocol');
    assert.equal(bmc.counters.wrongPasswords, 0);
  });
}

test('a BMC that is busy for a moment is asked again', async (context) => {
  const { door, node, administrator, bmc } = await openLabRedfish(context);
  bmc.faults.set('slow', 20);
  bmc.faults.set('drop-connection', 1);

  await door.set(node, administrator, { id: null, credential: FIRST });

  await door.proveLogin(node, FIRST);
});
