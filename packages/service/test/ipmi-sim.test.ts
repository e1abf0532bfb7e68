// The IPMI client against Debian's ipmi_sim, which has cipher suite 3 and not 17.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { connectIpmi } from '#drivers/ipmi/client';
import { setUserPassword } from '#drivers/ipmi/commands/user-password';
import { Secret } from '#trust/secret';

import { ipmiContract, loginOf, partsFor, troubleOf } from './drivers/ipmi-contract.ts';
import { startIpmiSim, type IpmiSim } from './drivers/ipmi-sim.ts';

const SLOT = 3;

let sim: IpmiSim;

before(async () => {
  sim = await startIpmiSim();
});

after(() => sim.close());

ipmiContract('ipmi_sim', 3, () => sim, SLOT);

test('suite 17 alone is refused, and nothing weaker is tried', async () => {
  const connecting = connectIpmi(await partsFor(sim.port), loginOf(sim, [17]));

  assert.equal(await troubleOf(connecting), 'no-cipher-suite');
});

test('suite 3 is used after 17 where both are allowed', async () => {
  const session = await connectIpmi(await partsFor(sim.port), loginOf(sim, [17, 3]));
  await session.close();

  assert.equal(session.suite.id, 3);
});

test('a password of 20 bytes is reported as set, and a login tells that 16 of them are', async () => {
  const password = 'exactly-twenty-bytes';
  const session = await connectIpmi(await partsFor(sim.port), loginOf(sim, [3]));
  await session.run(setUserPassword(SLOT, new Secret(password), 20));
  await session.close();

  const connect = async (tried: string) =>
    connectIpmi(await partsFor(sim.port), loginOf({ username: 'second', password: tried }, [3]));
  assert.equal(await troubleOf(connect(password)), 'wrong-password');
  const cut = await connect(password.slice(0, 16));
  await cut.close();
});
