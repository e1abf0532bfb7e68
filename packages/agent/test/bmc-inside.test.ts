// The BMC of a machine from inside, against Debian's ipmi_sim: by ipmitool (over its network here, as there is no
// device without hardware; what it prints is the same) and over the port that emulated machines use.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { systemClock } from '#clock';
import { readChannels } from '#hardware/ipmi/channels';
import { makeIpmitoolInterface } from '#hardware/ipmi/ipmitool-interface';
import { makeSimulatedInterface } from '#hardware/ipmi/simulated-interface';
import type { SystemInterface } from '#hardware/ipmi/system-interface';
import { disableUser, readUsers, setUser } from '#hardware/ipmi/users';
import { ProgramMissing, tryProgramWithScript } from '../src/run-program.ts';
import { type IpmiBench, startIpmiBench } from './ipmi-bench.ts';

const CANARY = 'Kq7-canary-Wz4Tb';
const CANARY_HEX = /0x4b 0x71 0x37 0x2d/;

let bench: IpmiBench;
let ways: { readonly [name: string]: SystemInterface };

before(async () => {
  bench = await startIpmiBench();
  ways = {
    ipmitool: makeIpmitoolInterface({ way: bench.way }),
    port: makeSimulatedInterface({ ...bench.inside, clock: systemClock }),
  };
});
after(() => bench.close());

const wayTo = (name: string): SystemInterface => {
  const found = ways[name];
  assert.ok(found);
  return found;
};

const wish = (username: string, password: string, slotUserId?: number) => ({
  username,
  password: Buffer.from(password),
  slotUserId,
  privilege: 'administrator' as const,
  channels: [1] as const,
});

for (const [name, username] of [
  ['ipmitool', 'bsmr-a'],
  ['port', 'bsmr-b'],
] as const) {
  test(`${name}: a user that was set from inside can log in over the network, and then cannot`, async () => {
    const bmc = wayTo(name);

    const user = await setUser(bmc, wish(username, CANARY));
    const isLogin = await bench.isLogin(username, CANARY);
    const disabled = await disableUser(bmc, user.user_id, [1]);
    const isLoginAfter = await bench.isLogin(username, CANARY);

    assert.equal(user.username, username);
    assert.equal(user.privilege, 'administrator');
    assert.equal(isLogin, true);
    assert.equal(disabled.enabled === false || disabled.privilege === 'none', true);
    assert.equal(isLoginAfter, false);
  });

  test(`${name}: users and channels are read`, async () => {
    const bmc = wayTo(name);

    const { users } = await readUsers(bmc, 1);
    const channels = await readChannels(bmc);

    const factory = users.find((user) => user.user_id === 2);
    assert.equal(factory?.username, 'admin');
    assert.equal(factory.privilege, 'administrator');
    assert.equal(users[0]?.name_fixed, true);
    assert.equal(channels.find(({ number }) => number === 1)?.medium, 4);
  });

  test(`${name}: a completion code is answered, and a user that is not there is not set`, async () => {
    const bmc = wayTo(name);

    const { code } = await bmc.exchange({ netFn: 0x2c, command: 2, data: Buffer.from([0x52, 0]) });

    assert.equal(code, 0xc1);
    await assert.rejects(setUser(bmc, wish('nobody', CANARY, 1)), /has no user 1 to set/);
  });
}

test('the same again changes the same user', async () => {
  const first = await setUser(wayTo('port'), wish('bsmr-e', CANARY));
  const again = await setUser(wayTo('port'), wish('bsmr-e', CANARY));

  assert.deepEqual(again, first);
});

test('an account that lost its place to another one is made anew, and nobody is renamed', async () => {
  const bmc = wayTo('port');
  const nameOf = async (id: number) =>
    (await readUsers(bmc, 1)).users.find((user) => user.user_id === id)?.username;

  const elsewhere = await setUser(bmc, wish('bsmr-f', CANARY, 2));
  const again = await setUser(bmc, wish('bsmr-f', CANARY, 2));

  assert.notEqual(elsewhere.user_id, 2);
  assert.deepEqual(again, elsewhere);
  assert.equal(await nameOf(2), 'admin');
});

test('a password is zeros when it was set, and when it could not be set', async () => {
  const set = wish('bsmr-c', CANARY);
  const refused = wish('bsmr-c', CANARY, 1);

  await setUser(wayTo('port'), set);
  await assert.rejects(setUser(wayTo('port'), refused));

  assert.deepEqual(
    [...set.password, ...refused.password],
    Array.from({ length: 32 }, () => 0),
  );
});

test('no process shows the password in its arguments or its environment', async () => {
  const seen: string[] = [];
  const over = new AbortController();
  // Its children only: of all processes one look takes longer than a child lives on a busy machine.
  const children = `/proc/${process.pid}/task/${process.pid}/children`;
  const sample = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const pids = (await readFile(children, 'latin1')).trim().split(' ');
      for (const pid of [...pids, String(process.pid)]) {
        for (const file of ['cmdline', 'environ']) {
          const text = await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
          seen.push(text.replaceAll('\0', ' '));
        }
      }
    }
  };
  const sampling = sample();

  try {
    await setUser(wayTo('ipmitool'), wish('bsmr-d', CANARY));
  } finally {
    over.abort();
    await sampling;
  }

  const own = seen.filter((text) => text.includes('ipmitool'));
  assert.ok(
    own.some((text) => text.includes('exec')),
    'the sampler saw a script run',
  );
  // The sampler reads this process too, which holds the canary in memory and nowhere else.
  assert.equal(seen.filter((text) => text.includes(CANARY) || CANARY_HEX.test(text)).length, 0);
});

test('a program that ends without reading its script leaves nobody waiting', async () => {
  const { status } = await tryProgramWithScript('true', [], Buffer.from('raw 0x06 0x01\n'));

  assert.equal(status, 0);
});

test('a program that is not there is told as such', async () => {
  await assert.rejects(
    tryProgramWithScript('no-such-program', [], Buffer.from('x'), { timeoutMs: 1_000 }),
    ProgramMissing,
  );
});

test('without a device the BMC is said to be out of reach, and nothing of the script is shown', async () => {
  const bmc = makeIpmitoolInterface({ way: ['-I', 'no-such-way'] });
  const data = Buffer.from([2, 2, ...Buffer.from(CANARY)]);

  await assert.rejects(
    bmc.exchange({ netFn: 6, command: 0x47, data, isSecret: true }),
    /^CommandExecutionError: the BMC cannot be asked from inside the machine$/,
  );
});
