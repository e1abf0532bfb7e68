// What an audit finds at the lab's BMCs, and what it can mend.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { auditPosture } from '#conductor/bmc-credential/posture/audit-posture';
import { fixPosture } from '#conductor/bmc-credential/posture/fix-posture';
import type { PostureItem, PostureReport } from '#conductor/bmc-credential/posture/posture-item';
import type { PostureQuestion } from '#conductor/bmc-credential/posture/posture-question';
import type { BmcAccountDoor } from '#drivers/bmc-accounts';

import type { JsonObject } from '@bessemer/protocol/json';

import { codeOf, credential, FIRST } from './bmc-accounts/credentials.ts';
import { openLabBoth, type BothBench } from './bmc-accounts/lab-both.ts';

type PostureBench = BothBench & {
  readonly ask: (more?: Partial<PostureQuestion>) => Promise<PostureReport>;
  readonly redfishDoors: readonly BmcAccountDoor[];
};

/** One of the service's accounts is in use, the first one is known, IPMI is off: nothing is wrong. */
const open = async (
  context: TestContext,
  { isIpmiOn, ...driverInfo }: JsonObject = {},
): Promise<PostureBench> => {
  const bench = await openLabBoth(context, driverInfo);
  const { door, ipmiDoor, node, redfishNode, administrator, ipmi } = bench;
  await door.set(node, administrator, { id: null, credential: FIRST });
  ipmi.isOverLan = isIpmiOn === true;
  return {
    ...bench,
    redfishDoors: [door],
    ask: (more = {}) =>
      auditPosture({
        node: isIpmiOn === true ? node : redfishNode,
        doors: isIpmiOn === true ? [door, ipmiDoor] : [door],
        as: FIRST,
        ownNames: [FIRST.username],
        foreignNames: [administrator.username],
        manufacturer: null,
        ...more,
      }),
  };
};

const kindsOf = ({ items }: PostureReport): readonly string[] => items.map((each) => each.kind);

const itemOf = ({ items }: PostureReport, kind: PostureItem['kind']): PostureItem => {
  const item = items.find((each) => each.kind === kind);
  assert.ok(item !== undefined, `no ${kind} among ${items.map((each) => each.kind).join(', ')}`);
  return item;
};

test('a BMC that is in order has no items and no gaps', async (context) => {
  const { ask } = await open(context);

  const report = await ask();

  assert.deepEqual([report.items, report.gaps], [[], []]);
  assert.equal(report.accounts.length, 2);
});

test('IPMI that is on beside Redfish is an item, and is switched off', async (context) => {
  const { ask, redfishNode, redfishDoors, ipmi } = await open(context);
  ipmi.isOverLan = true;
  const report = await ask();

  const { fixed } = await fixPosture(
    { node: redfishNode, doors: redfishDoors, as: FIRST },
    report.items,
  );

  assert.deepEqual(kindsOf(report), ['ipmi-on']);
  assert.deepEqual(
    fixed.map((each) => each.kind),
    ['ipmi-on'],
  );
  assert.equal(ipmi.isOverLan, false);
  assert.deepEqual(kindsOf(await ask()), []);
});

test('IPMI that the service itself speaks is not switched off', async (context) => {
  const { ask } = await open(context, { isIpmiOn: true });

  const item = itemOf(await ask(), 'ipmi-on');

  assert.equal(item.fix, null);
  assert.match(item.remedy, /ipmi_address/);
});

test('IPMI that cannot be switched off is told as failed', async (context) => {
  const { ask, redfishNode, redfishDoors, ipmi, bmc } = await open(context);
  ipmi.isOverLan = true;
  bmc.faults.set('ipmi-stays');
  const { items } = await ask();

  const { failed } = await fixPosture({ node: redfishNode, doors: redfishDoors, as: FIRST }, items);

  assert.deepEqual(
    failed.map((each) => each.failure.code),
    ['bmc.unsupported'],
  );
});

for (const [level, isFound] of [
  [4, true],
  [0, false],
] as const) {
  test(`cipher suite 0 for level ${level} is ${isFound ? 'an item' : 'none'}`, async (context) => {
    const { ask, ipmi } = await open(context, { isIpmiOn: true });
    ipmi.faults.set('suite-zero', level);

    assert.equal(kindsOf(await ask()).includes('cipher-suite-0'), isFound);
  });
}

test('user 1 of IPMI that is enabled is an item, and is disabled', async (context) => {
  const { ask, ipmi, node, door, ipmiDoor } = await open(context, { isIpmiOn: true });
  const anonymous = ipmi.users.get(1);
  assert.ok(anonymous !== undefined);
  Object.assign(anonymous, { isEnabled: true, privilege: 4 });
  const report = await ask();

  await fixPosture({ node, doors: [door, ipmiDoor], as: FIRST }, report.items);

  assert.equal(itemOf(report, 'anonymous-user').severity, 'critical');
  assert.equal(anonymous.isEnabled, false);
});

test('an account that nobody knows of is one item for both protocols, and is disabled', async (context) => {
  const { ask, door, ipmiDoor, node } = await open(context, { isIpmiOn: true });
  const planted = credential('planted', 'Plan-2345-Efgh-6');
  await door.set(node, FIRST, { id: null, credential: planted });
  const report = await ask();

  await fixPosture({ node, doors: [door, ipmiDoor], as: FIRST }, report.items);

  assert.equal(kindsOf(report).filter((each) => each === 'unexpected-account').length, 1);
  assert.equal(itemOf(report, 'unexpected-account').username, 'planted');
  assert.equal(await codeOf(ipmiDoor.proveLogin(node, planted)), 'bmc.credentials');
  assert.equal(kindsOf(await ask()).includes('unexpected-account'), false);
});

test('another account of our own name is disabled where ours is known, and told where it is not', async (context) => {
  const { ask, ipmi, node, door, ipmiDoor, administrator } = await open(context, {
    isIpmiOn: true,
  });
  const planted = ipmi.users.get(7);
  assert.ok(planted !== undefined);
  planted.name = FIRST.username;
  planted.password = Buffer.from('Plan-2345-Efgh-6'.padEnd(20, '\0'));
  Object.assign(planted, { isEnabled: true, privilege: 4, accessFlags: 0x10 });
  const unknown = itemOf(await ask(), 'unexpected-account');
  const ownPlaces = [{ protocol: 'ipmi', id: '3' }] as const;
  const { items } = await ask({ ownPlaces });

  await fixPosture({ node, doors: [door, ipmiDoor], as: FIRST }, items);

  assert.equal(unknown.fix, null);
  assert.equal(planted.isEnabled, false);
  await ipmiDoor.proveLogin(node, FIRST);
  await door.proveLogin(node, administrator);
});

test('without guesses no login is refused', async (context) => {
  const { ask, bmc } = await open(context);

  await ask({ isGuessing: false });

  assert.equal(bmc.counters.wrongPasswords, 0);
});

test("a maker's password is found with one login, and is for a person to change", async (context) => {
  const { ask, bmc } = await open(context);
  const known = bmc.accounts.find((each) => each.userName === 'admin');
  assert.ok(known !== undefined);
  known.password = 'admin';
  const logins = bmc.counters.logins;

  const report = await ask();

  const item = itemOf(report, 'default-password');
  assert.deepEqual([item.username, item.fix], ['admin', null]);
  // The list, the exposure, and the one guess.
  assert.equal(bmc.counters.logins, logins + 3);
  assert.equal(bmc.counters.wrongPasswords, 0);
});

test('a password of the own making is not guessed, another account once', async (context) => {
  const { ask, bmc } = await open(context);

  await ask();

  assert.equal(bmc.counters.wrongPasswords, 1);
});

test('a guess that the budget of logins does not allow is a gap', async (context) => {
  const { ask, bmc } = await open(context);
  await ask();

  const report = await ask();

  assert.deepEqual(
    report.gaps.map(({ what, code }) => [what, code]),
    [['passwords', 'bmc.login-budget']],
  );
  assert.equal(bmc.counters.wrongPasswords, 1);
});

test('an unknown account without a password is disabled', async (context) => {
  const { ask, bmc, door, redfishNode, redfishDoors } = await open(context);
  await door.set(redfishNode, FIRST, {
    id: null,
    credential: credential('guest', 'Gues-2345-Efgh-6'),
  });
  const guest = bmc.accounts.find((each) => each.userName === 'guest');
  assert.ok(guest !== undefined);
  guest.password = '';
  const report = await ask();

  await fixPosture({ node: redfishNode, doors: redfishDoors, as: FIRST }, report.items);

  assert.equal(itemOf(report, 'empty-password').username, 'guest');
  assert.equal(guest.isEnabled, false);
});

test('a BMC whose certificate is not checked is an item for a person', async (context) => {
  const { ask } = await open(context, { redfish_verify_ca: false });

  const item = itemOf(await ask(), 'tls-unverified');

  assert.deepEqual([item.severity, item.fix], ['high', null]);
});

test('a door that leads nowhere is a gap, and the other one is asked', async (context) => {
  const { ask, ipmi } = await open(context, { isIpmiOn: true });
  ipmi.isOverLan = false;

  const report = await ask();

  assert.deepEqual(
    report.gaps.map(({ protocol, what, code }) => [protocol, what, code]),
    [['ipmi', 'accounts', 'bmc.unreachable']],
  );
  assert.ok(report.accounts.some((each) => each.protocol === 'redfish'));
});

test('the worst comes first', async (context) => {
  const { ask, ipmi } = await open(context, { isIpmiOn: true, redfish_verify_ca: false });
  ipmi.faults.set('suite-zero', 4);

  const { items } = await ask();

  assert.deepEqual(
    items.map((each) => each.severity),
    ['critical', 'high', 'medium'],
  );
});
