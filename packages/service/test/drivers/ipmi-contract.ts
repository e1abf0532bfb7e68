// What the IPMI client does with any BMC: the same tests for Debian's simulator and for the lab's. ipmitool is the
// oracle: what it is told, the client must be told.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { systemClock } from '#clock';
import type { CipherSuiteId } from '#drivers/ipmi/cipher-suites';
import { connectIpmi, withIpmiSession, type IpmiLogin } from '#drivers/ipmi/client';
import { getBootFlags, setBootFlags } from '#drivers/ipmi/commands/boot-options';
import { getChannelAccess, THIS_CHANNEL } from '#drivers/ipmi/commands/channel';
import { chassisControl, chassisStatus } from '#drivers/ipmi/commands/chassis';
import { getDeviceId, getSystemGuid } from '#drivers/ipmi/commands/device';
import { getLanAddress, getLanMac } from '#drivers/ipmi/commands/lan';
import { setUserEnabled, setUserPassword } from '#drivers/ipmi/commands/user-password';
import {
  getUserAccess,
  getUserName,
  setUserAccess,
  setUserName,
} from '#drivers/ipmi/commands/users';
import { IpmiFailure } from '#drivers/ipmi/failures';
import { openUdpTransport, systemRandom } from '#drivers/ipmi/udp-transport';
import { Secret } from '#trust/secret';

const run = promisify(execFile);

export type IpmiPeer = {
  readonly port: number;
  readonly username: string;
  readonly password: string;
};

/** Answers on loopback come at once; a long wait would only be spent on those that never come. */
const WAITS_MS: readonly number[] = [400, 800, 800];

export const partsFor = async (port: number, waitsMs: readonly number[] = WAITS_MS) => ({
  transport: await openUdpTransport('127.0.0.1', port),
  clock: systemClock,
  random: systemRandom,
  waitsMs,
});

export const loginOf = (
  peer: Pick<IpmiPeer, 'username' | 'password'>,
  cipherSuites: readonly CipherSuiteId[],
): IpmiLogin => ({
  username: peer.username,
  password: new Secret(peer.password),
  privilege: 'administrator',
  cipherSuites,
});

export const troubleOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IpmiFailure, String(error));
  return error.trouble;
};

export const ipmiContract = (
  name: string,
  suite: CipherSuiteId,
  peer: () => IpmiPeer,
  firstFreeSlot: number,
): void => {
  const within = async <T>(work: Parameters<typeof withIpmiSession<T>>[2]): Promise<T> =>
    withIpmiSession(await partsFor(peer().port), loginOf(peer(), [suite]), work);
  const ipmitool = async (...args: string[]): Promise<string> => {
    const { port, username, password } = peer();
    const login = ['-C', String(suite), '-H', '127.0.0.1', '-p', String(port), '-U', username];
    const { stdout } = await run('ipmitool', ['-I', 'lanplus', ...login, '-P', password, ...args]);
    return stdout;
  };

  test(`${name}: power on and off, and ipmitool sees the same`, async () => {
    for (const [control, isOn] of [
      ['power-on', true],
      ['power-off', false],
    ] as const) {
      await within((session) => session.run(chassisControl(control)));

      const status = await within((session) => session.run(chassisStatus()));
      const text = await ipmitool('chassis', 'power', 'status');

      assert.equal(status.isPowerOn, isOn);
      assert.match(text, isOn ? /Power is on/ : /Power is off/);
    }
  });

  test(`${name}: the BMC is what ipmitool says it is`, async () => {
    const device = await within((session) => session.run(getDeviceId()));
    const guid = await within((session) => session.run(getSystemGuid()));
    const text = await ipmitool('mc', 'info');
    const rawGuid = await ipmitool('raw', '0x06', '0x37');

    const shown = (key: string) => new RegExp(`^${key} +: ([^ \n]*)`, 'm').exec(text)?.[1];
    assert.equal(String(device.deviceId), shown('Device ID'));
    assert.equal(String(device.manufacturer), shown('Manufacturer ID'));
    assert.equal(String(device.product), shown('Product ID'));
    assert.equal(device.firmware, shown('Firmware Revision'));
    assert.equal(device.ipmiVersion, shown('IPMI Version'));
    assert.equal(guid, rawGuid.replaceAll(/\s/g, ''));
  });

  test(`${name}: users, channel and LAN are those that ipmitool lists`, async () => {
    const [names, accesses, channel, address, mac] = await within(async (session) => [
      [await session.run(getUserName(2)), await session.run(getUserName(3))],
      [await session.run(getUserAccess(1, 2)), await session.run(getUserAccess(1, 3))],
      await session.run(getChannelAccess(THIS_CHANNEL, 'active')),
      await session.run(getLanAddress(1)),
      await session.run(getLanMac(1)),
    ]);
    const users = await ipmitool('-c', 'user', 'list', '1');
    const lan = await ipmitool('raw', '0x0c', '0x02', '0x01', '0x03', '0x00', '0x00');
    const lanMac = await ipmitool('raw', '0x0c', '0x02', '0x01', '0x05', '0x00', '0x00');

    const rows = new Map(users.split('\n').map((line) => [line.split(',')[0], line.split(',')]));
    assert.deepEqual(names, [rows.get('2')?.[1], rows.get('3')?.[1] ?? '']);
    assert.deepEqual(
      accesses.slice(0, 1).map((each) => [String(each.hasIpmiMessaging), each.privilegeLimit]),
      [[rows.get('2')?.[4], rows.get('2')?.[5]?.toLowerCase()]],
    );
    assert.equal(channel.privilegeLimit, 'administrator');
    const octets = (text: string) => text.trim().split(/\s+/).slice(1);
    assert.equal(
      address,
      octets(lan)
        .map((each) => Number.parseInt(each, 16))
        .join('.'),
    );
    assert.equal(mac, octets(lanMac).join(':'));
  });

  test(`${name}: the boot device that is set is the one that is read`, async () => {
    const flags = await within(async (session) => {
      await session.run(
        setBootFlags({ isValid: true, isPersistent: false, isUefi: false, device: 'network' }),
      );
      return session.run(getBootFlags());
    });
    const text = await ipmitool('chassis', 'bootparam', 'get', '5');

    assert.equal(flags.device, 'network');
    assert.match(text, /Force PXE/);
  });

  test(`${name}: a new user logs in with a password of 16 bytes`, async () => {
    const second = { username: 'second', password: 'exactly-16-bytes' };
    await within(async (session) => {
      await session.run(setUserName(firstFreeSlot, second.username));
      await session.run(setUserPassword(firstFreeSlot, new Secret(second.password), 16));
      await session.run(
        setUserAccess(1, firstFreeSlot, {
          isCallbackOnly: false,
          hasLinkAuthentication: false,
          hasIpmiMessaging: true,
          privilegeLimit: 'administrator',
        }),
      );
      await session.run(setUserEnabled(firstFreeSlot, true));
    });

    const session = await connectIpmi(await partsFor(peer().port), loginOf(second, [suite]));
    const read = await session.run(getUserName(firstFreeSlot));
    await session.close();

    assert.equal(read, second.username);
  });

  test(`${name}: refusals are told apart`, async () => {
    const { port, username, password } = peer();
    const connect = async (login: Partial<IpmiPeer>, suites: readonly CipherSuiteId[] = [suite]) =>
      connectIpmi(await partsFor(port), loginOf({ username, password, ...login }, suites));

    assert.equal(await troubleOf(connect({ password: 'wrong' })), 'wrong-password');
    assert.equal(await troubleOf(connect({ username: 'nobody' })), 'wrong-user');
    assert.equal(await troubleOf(connect({}, [])), 'no-cipher-suite');
  });

  test(`${name}: a closed session runs nothing more`, async () => {
    const session = await connectIpmi(await partsFor(peer().port), loginOf(peer(), [suite]));

    await session.close();
    await session.close();

    assert.equal(await troubleOf(session.run(chassisStatus())), 'session-ended');
  });
};
