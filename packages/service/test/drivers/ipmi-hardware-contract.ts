// What the ipmi driver does with any BMC. The same for Debian's simulator and for the lab's.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { systemClock } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import type { IpmiOptions } from '#drivers/ipmi/options';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { IpmiPeer } from './ipmi-contract.ts';
import { nodeOf } from './node-of.ts';

export type IpmiBench = {
  readonly driver: NodeDriver;
  readonly node: NodeRecord;
  readonly nodeWith: (driverInfo: JsonObject, more?: Partial<NodeRecord>) => NodeRecord;
};

const LIMIT = { timeoutMs: 30_000 };

/** Waits are short, so that habits which cost a wait are quick to test. */
const QUICK: Partial<IpmiOptions> = {
  isLoopbackAllowed: true,
  waitsMs: [400, 800],
  pollMs: 2,
  pollMsMax: 20,
  powerConfirmMs: 2,
};

/** A driver, and a node whose BMC is `peer`; ended after the test. */
export const ipmiBench = (
  context: TestContext,
  peer: IpmiPeer,
  driverInfo: JsonObject,
  options: Partial<IpmiOptions> = {},
): IpmiBench => {
  const registry = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      ipmi: { ...DEFAULT_DRIVER_OPTIONS.ipmi, ...QUICK, ...options },
    },
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  context.after(registry.close);
  const nodeWith: IpmiBench['nodeWith'] = (info, more = {}) =>
    nodeOf(
      {
        ipmi_address: '127.0.0.1',
        ipmi_port: peer.port,
        ipmi_username: peer.username,
        ipmi_password: peer.password,
        ...driverInfo,
        ...info,
      },
      { driver: 'ipmi', interfaces: registry.chooseInterfaces('ipmi', {}), ...more },
    );
  const node = nodeWith({});
  return { driver: registry.driverOf(node), node, nodeWith };
};

export const ipmiHardwareContract = (
  name: string,
  peer: () => IpmiPeer,
  driverInfo: JsonObject,
): void => {
  test(`${name}: power goes on, round and off, and is read as it is`, async (context) => {
    const { driver, node } = ipmiBench(context, peer(), driverInfo);
    const seen = [];

    for (const target of ['power off', 'power on', 'rebooting', 'power off'] as const) {
      await driver.power.setState(node, target, LIMIT);
      seen.push(await driver.power.fetchState(node));
    }

    assert.deepEqual(seen, ['power off', 'power on', 'power on', 'power off']);
  });

  test(`${name}: the ramdisk comes over the network`, async (context) => {
    const { driver, node } = ipmiBench(context, peer(), driverInfo);

    await driver.boot.prepareRamdisk(node, { transport: 'network' });
    await driver.boot.cleanUpRamdisk(node);
    const { device } = await driver.management.fetchBootDevice(node);

    assert.equal(driver.boot.route, 'network');
    assert.equal(device, 'pxe');
  });

  test(`${name}: boot devices are set and read`, async (context) => {
    const { driver, node } = ipmiBench(context, peer(), driverInfo);
    const seen = [];

    for (const device of ['cdrom', 'bios', 'pxe'] as const) {
      await driver.management.setBootDevice(node, device, { isPersistent: false });
      seen.push((await driver.management.fetchBootDevice(node)).device);
    }

    assert.deepEqual(seen, ['cdrom', 'bios', 'pxe']);
  });

  test(`${name}: what IPMI has no words for is said so`, async (context) => {
    const { driver, node } = ipmiBench(context, peer(), driverInfo);
    const { management } = driver;

    assert.equal(await management.fetchBootMode(node), null);
    assert.equal(await management.fetchSecureBoot(node), null);
    await assert.rejects(management.setBootMode(node, 'uefi'), { code: 'bmc.unsupported' });
    await assert.rejects(management.setSecureBoot(node, true), { code: 'bmc.unsupported' });
    await assert.rejects(management.setBootDevice(node, 'floppy', { isPersistent: false }), {
      code: 'bmc.unsupported',
    });
  });

  test(`${name}: a wrong password is tried once, and power sync waits too`, async (context) => {
    const { driver, node, nodeWith } = ipmiBench(context, peer(), driverInfo);
    const wrong = nodeWith({ ipmi_password: 'wrong' });
    const failure = (code: string) => (error: { code?: string; message?: string }) =>
      error.code === code && /ipmi:\/\/127\.0\.0\.1/.test(error.message ?? '');

    await assert.rejects(driver.power.fetchState(wrong), failure('bmc.credentials'));
    await assert.rejects(driver.power.fetchState(wrong), failure('bmc.login-budget'));
    await assert.rejects(
      driver.management.setBootDevice(wrong, 'pxe', { isPersistent: false }),
      failure('bmc.login-budget'),
    );

    assert.match(await driver.power.fetchState(node), /^power o/);
  });
};
