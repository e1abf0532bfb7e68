// The lab's IPMI BMC as Debian's ipmitool sees it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';

import { makeIpmiBmc, type IpmiBmc } from '#bmc/ipmi/bmc-memory';
import { startIpmiServer, type IpmiServer } from '#bmc/ipmi/ipmi-server';

import { systemClock } from '../src/clock.ts';
import { makeSwitchMachine, type SwitchMachine } from './stand-in/switch-machine.ts';

const TOOL_MS_MAX = 30_000;
const PASSWORD = 'factory-pw-16-by';

let machine: SwitchMachine;
let bmc: IpmiBmc;
let server: IpmiServer;
/** Places for sessions that were taken, after each datagram. */
const places: number[] = [];

before(async () => {
  machine = makeSwitchMachine();
  bmc = makeIpmiBmc({ machine, username: 'admin', password: PASSWORD });
  server = await startIpmiServer(bmc, {
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    onRequest: () => places.push(server.placesTaken()),
  });
});

beforeEach(() => {
  bmc.faults.clear();
});

after(() => server.close());

type Outcome = { readonly isDone: boolean; readonly text: string };

const ipmitool = (
  args: readonly string[],
  login: { readonly suite?: string; readonly user?: string; readonly password?: string } = {},
): Promise<Outcome> =>
  new Promise((resolve) => {
    const { suite = '17', user = 'admin', password = PASSWORD } = login;
    execFile(
      'ipmitool',
      ['-I', 'lanplus', '-R', '2', '-N', '1', '-H', '127.0.0.1', '-p', String(server.port)].concat(
        suite === 'best' ? [] : ['-C', suite],
        ['-U', user, '-P', password, ...args],
      ),
      { timeout: TOOL_MS_MAX },
      (error, stdout, stderr) => resolve({ isDone: error === null, text: `${stdout}${stderr}` }),
    );
  });

for (const suite of ['17', '3']) {
  test(`ipmitool logs in with cipher suite ${suite}`, async () => {
    const { isDone, text } = await ipmitool(['chassis', 'power', 'status'], { suite });

    assert.equal(isDone, true, text);
    assert.match(text, /Chassis Power is off/);
  });
}

test('a session takes one place from its opening to its end', async () => {
  places.length = 0;

  await ipmitool(['chassis', 'power', 'status']);

  // Its capabilities are asked before; then the opening and two RAKP messages, the commands, and the end.
  assert.equal(places[0], 0);
  assert.equal(Math.max(...places), 1);
  assert.ok(places.filter((taken) => taken === 1).length > 3);
  assert.equal(places.at(-1), 0);
});

test('the best cipher suite on offer is 17', async () => {
  const { isDone, text } = await ipmitool(['-v', 'chassis', 'power', 'status'], { suite: 'best' });

  assert.equal(isDone, true, text);
  assert.match(text, /best available cipher suite 17/);
});

for (const suite of ['0', '1', '2', '8', '15', '16']) {
  test(`cipher suite ${suite} is refused`, async () => {
    const { isDone } = await ipmitool(['chassis', 'power', 'status'], { suite });

    assert.equal(isDone, false);
  });
}

test('a wrong password is refused', async () => {
  const { isDone } = await ipmitool(['mc', 'info'], { password: 'wrong' });

  assert.equal(isDone, false);
});

test('an unknown user is refused', async () => {
  const { isDone } = await ipmitool(['mc', 'info'], { user: 'nobody' });

  assert.equal(isDone, false);
});

test('power follows the commands', async () => {
  const powers: boolean[] = [];
  for (const action of ['on', 'cycle', 'soft', 'on', 'off']) {
    const { isDone, text } = await ipmitool(['chassis', 'power', action]);
    assert.equal(isDone, true, text);
    powers.push(machine.isOn());
  }

  assert.deepEqual(powers, [true, true, false, true, false]);
});

test('a boot device is set for the next start, with its firmware', async () => {
  const set = await ipmitool(['chassis', 'bootdev', 'pxe', 'options=efiboot']);
  const { text } = await ipmitool(['chassis', 'bootparam', 'get', '5']);

  assert.equal(set.isDone, true, set.text);
  assert.deepEqual(machine.bootPlan.override, { source: 'network', isPersistent: false });
  assert.equal(machine.bootPlan.mode, 'uefi');
  assert.match(text, /Force PXE/);
});

for (const [what, password] of [
  ['16', 'exactly-16-bytes'],
  ['20', 'exactly-twenty-bytes'],
] as const) {
  test(`a new user logs in with a password of ${what} bytes`, async () => {
    for (const args of [
      ['user', 'set', 'name', '3', 'second'],
      ['user', 'set', 'password', '3', password, what],
      ['channel', 'setaccess', '1', '3', 'ipmi=on', 'privilege=4'],
      ['user', 'enable', '3'],
    ]) {
      const { isDone, text } = await ipmitool(args);
      assert.equal(isDone, true, text);
    }

    const { isDone, text } = await ipmitool(['user', 'list', '1'], { user: 'second', password });

    assert.equal(isDone, true, text);
    assert.match(text, /3 +second +true +false +true +ADMINISTRATOR/);
  });
}

test('a cut password is success to who sets it, and refused to who uses it', async () => {
  bmc.faults.set('cut-passwords', 16);

  const set = await ipmitool(['user', 'set', 'password', '3', 'exactly-twenty-bytes', '20']);
  const whole = await ipmitool(['mc', 'info'], {
    user: 'second',
    password: 'exactly-twenty-bytes',
  });
  const cut = await ipmitool(['mc', 'info'], { user: 'second', password: 'exactly-twenty-b' });

  assert.deepEqual([set.isDone, whole.isDone, cut.isDone], [true, false, true]);
});

test('a user of too little privilege is not let in as administrator', async () => {
  const user = bmc.users.get(3);
  assert.ok(user !== undefined);
  user.privilege = 2;
  const login = { user: 'second', password: 'exactly-twenty-b' };

  const asAdministrator = await ipmitool(['-L', 'ADMINISTRATOR', 'mc', 'info'], login);
  const asUser = await ipmitool(['-L', 'USER', 'mc', 'info'], login);

  assert.deepEqual([asAdministrator.isDone, asUser.isDone], [false, true]);
});

test('LAN parameters, channel and identity are shown', async () => {
  const lan = await ipmitool(['lan', 'print', '1']);
  const channel = await ipmitool(['channel', 'info', '1']);
  const guid = await ipmitool(['mc', 'guid']);

  assert.match(lan.text, /IP Address +: 127\.0\.0\.1/);
  assert.match(lan.text, /RMCP\+ Cipher Suites +: 3,17/);
  assert.match(channel.text, /802\.3 LAN/);
  assert.match(guid.text, /01234567-89ab-4cde-8f01-23456789abcd/);
});

test('sessions are closed behind every command', () => {
  assert.equal(server.sessionCount(), 0);
});
