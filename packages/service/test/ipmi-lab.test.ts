// The IPMI client against the lab's BMC: two programs that share nothing but the wire.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { connectIpmi } from '#drivers/ipmi/client';
import { chassisControl } from '#drivers/ipmi/commands/chassis';
import { setUserPassword, testUserPassword } from '#drivers/ipmi/commands/user-password';
import { fetchCipherSuites } from '#drivers/ipmi/fetch-cipher-suites';
import type { IpmiSession } from '#drivers/ipmi/session';
import { Secret } from '#trust/secret';

import { ipmiContract, loginOf, partsFor, troubleOf } from './drivers/ipmi-contract.ts';
import { startLabBmc, type LabBmc } from './drivers/lab-bmc.ts';

const SLOT = 3;

let lab: LabBmc;

before(async () => {
  lab = await startLabBmc();
});

beforeEach(() => {
  lab.bmc.faults.clear();
});

after(() => lab.close());

const opened: IpmiSession[] = [];

/** What a failed test leaves open would keep its socket, and the process with it. */
afterEach(() => Promise.all(opened.splice(0).map((session) => session.close())));

for (const suite of [17, 3] as const) {
  ipmiContract(`the lab's BMC, suite ${suite}`, suite, () => lab, SLOT);
}

const connect = async (login: { username: string; password: string } = lab) => {
  const session = await connectIpmi(await partsFor(lab.port), loginOf(login, [17]));
  opened.push(session);
  return session;
};

test('a wrong password is one try at the BMC, and not one more', async () => {
  const counted = { ...lab.bmc.counters };

  await troubleOf(connect({ username: lab.username, password: 'wrong' }));

  // The client does not wait until the BMC has read that it gives up; the next login shows that it has.
  const next = await connect();
  await next.close();
  assert.equal(lab.bmc.counters.wrongPasswords, counted.wrongPasswords + 1);
  assert.equal(lab.bmc.counters.openings, counted.openings + 2);
});

test('a password of 20 bytes is set, tested, and logged in with', async () => {
  const password = 'exactly-twenty-bytes';
  const session = await connect();
  await session.run(setUserPassword(SLOT, new Secret(password), 20));
  const tests = [
    await session.run(testUserPassword(SLOT, new Secret(password), 20)),
    await session.run(testUserPassword(SLOT, new Secret('other'), 20)),
    await session.run(testUserPassword(SLOT, new Secret('exactly-twenty-b'), 16)),
  ];
  await session.close();

  const second = await connect({ username: 'second', password });
  await second.close();

  assert.deepEqual(tests, ['same', 'different', 'other-size']);
});

test('a user of too little privilege is told so', async () => {
  const user = lab.bmc.users.get(SLOT);
  assert.ok(user !== undefined);
  user.privilege = 2;

  const login = { username: user.name, password: 'exactly-twenty-bytes' };
  assert.equal(await troubleOf(connect(login)), 'privilege-too-low');
});

test('a full table of sessions is told, and no session is left behind', async () => {
  for (let count = 0; count < 8; count += 1) await connect();

  assert.equal(await troubleOf(connect()), 'sessions-full');

  await Promise.all(opened.splice(0).map((session) => session.close()));
  assert.equal(lab.sessionCount(), 0);
});

test('a command whose answer is lost is repeated, and not done twice', async () => {
  const session = await connect();
  const counted = { ...lab.bmc.counters };
  lab.bmc.faults.set('drop-answers', 1);

  await session.run(chassisControl('power-on'));
  await session.close();

  assert.equal(lab.bmc.counters.repeats, counted.repeats + 1);
  assert.equal(lab.bmc.counters.chassisControls, counted.chassisControls + 1);
});

test('a power cycle whose answer is lost is not repeated: its outcome is open', async () => {
  const session = await connect();
  const counted = { ...lab.bmc.counters };
  lab.bmc.faults.set('drop-answers', 1);

  await assert.rejects(session.run(chassisControl('power-cycle')), {
    trouble: 'no-answer',
    details: { ipmi: 'no-answer', isOutcomeUnknown: true },
  });
  await session.close();

  assert.equal(lab.bmc.counters.repeats, counted.repeats);
  assert.equal(lab.bmc.counters.chassisControls, counted.chassisControls + 1);
});

test('a BMC with a key lets in who has it', async () => {
  const keyed = await startLabBmc({ bmcKey: Buffer.from('site-wide-key-of-20b') });
  const connectWith = async (bmcKey?: Buffer) =>
    connectIpmi(await partsFor(keyed.port), {
      ...loginOf(keyed, [17]),
      ...(bmcKey === undefined ? {} : { bmcKey: new Secret(bmcKey) }),
    });

  const session = await connectWith(Buffer.from('site-wide-key-of-20b'));
  await session.close();
  const trouble = await troubleOf(connectWith());
  await keyed.close();

  assert.equal(trouble, 'wrong-bmc-key');
});

test('the suites on offer are listed', async () => {
  const session = await connect();

  const suites = await fetchCipherSuites(session, 0x0e);
  await session.close();

  assert.deepEqual(suites, [17, 3]);
});
