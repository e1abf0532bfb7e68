// What the redfish driver does with any BMC that keeps to the standard. The same for the fake BMC, for the
// lab's BMC, and, by hand, for one with a machine behind it.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { NodeDriver } from '#drivers/driver';

import type { NodeRecord } from '@bessemer/protocol/node/record';

export type ContractBench = {
  readonly driver: NodeDriver;
  readonly node: NodeRecord;
  /** The same node with a password that is wrong. */
  readonly nodeWithWrongPassword: NodeRecord;
  /** Two addresses that the BMC can fetch an image from. */
  readonly urls: readonly [string, string];
};

const LIMIT = { timeoutMs: 30_000 };

export const redfishContract = (
  name: string,
  open: (context: TestContext) => Promise<ContractBench>,
): void => {
  test(`${name}: power goes on, round and off, and is read as it is`, async (context) => {
    const { driver, node } = await open(context);
    const seen = [];

    for (const target of ['power off', 'power on', 'rebooting', 'power off'] as const) {
      await driver.power.setState(node, target, LIMIT);
      seen.push(await driver.power.fetchState(node));
    }

    assert.deepEqual(seen, ['power off', 'power on', 'power on', 'power off']);
  });

  test(`${name}: the machine says who it is`, async (context) => {
    const { driver, node } = await open(context);

    const identity = await driver.management.fetchIdentity(node);

    assert.match(identity.systemUuid ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test(`${name}: one medium replaces another, and leaves without a trace`, async (context) => {
    const { driver, node, urls } = await open(context);

    for (const url of [urls[0], urls[1], urls[1]])
      await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url });
    const inserted = (await driver.boot.fetchMedia(node)).filter((each) => each.isInserted);
    const device = await driver.management.fetchBootDevice(node);
    await driver.boot.cleanUpRamdisk(node);
    await driver.boot.cleanUpRamdisk(node);
    const left = (await driver.boot.fetchMedia(node)).filter((each) => each.isInserted);

    assert.deepEqual(
      inserted.map((each) => [each.device, each.image]),
      [['cdrom', urls[1].split('?')[0]]],
    );
    assert.deepEqual(device, { device: 'cdrom', isPersistent: false });
    assert.deepEqual(left, []);
  });

  test(`${name}: people put a medium into a drive and take it out`, async (context) => {
    const { driver, node, urls } = await open(context);
    const { virtualMedia } = driver.management;
    assert.ok(virtualMedia !== undefined);

    for (const url of [urls[0], urls[1], urls[1]]) {
      await virtualMedia.attach(node, { device: 'cdrom', url });
    }
    const attached = (await virtualMedia.fetchDrives(node)).filter((drive) => drive.isInserted);
    await virtualMedia.detach(node, ['floppy']);
    const kept = (await virtualMedia.fetchDrives(node)).filter((drive) => drive.isInserted);
    await virtualMedia.detach(node, ['cdrom', 'disk']);
    const left = (await virtualMedia.fetchDrives(node)).filter((drive) => drive.isInserted);

    assert.deepEqual(attached, [
      { image: urls[1].split('?')[0], isInserted: true, mediaTypes: attached[0]?.mediaTypes },
    ]);
    assert.equal(attached[0]?.mediaTypes.includes('CD'), true);
    assert.deepEqual(kept, attached);
    assert.deepEqual(left, []);
  });

  test(`${name}: the disk is set for good`, async (context) => {
    const { driver, node } = await open(context);

    await driver.boot.prepareInstance(node);

    assert.deepEqual(await driver.management.fetchBootDevice(node), {
      device: 'disk',
      isPersistent: true,
    });
  });

  test(`${name}: boot mode and secure boot are set`, async (context) => {
    const { driver, node } = await open(context);

    await driver.management.setBootMode(node, 'uefi');
    await driver.management.setSecureBoot(node, true);
    const isOn = await driver.management.fetchSecureBoot(node);
    await driver.management.setSecureBoot(node, false);

    assert.equal(await driver.management.fetchBootMode(node), 'uefi');
    assert.equal(isOn, true);
    assert.equal(await driver.management.fetchSecureBoot(node), false);
  });

  test(`${name}: a wrong password is tried once`, async (context) => {
    const { driver, nodeWithWrongPassword } = await open(context);

    await assert.rejects(driver.power.fetchState(nodeWithWrongPassword), {
      code: 'bmc.credentials',
    });
    await assert.rejects(driver.power.fetchState(nodeWithWrongPassword), {
      code: 'bmc.login-budget',
    });
  });
};
