import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { makeHandClock } from '../../../test/drivers/hand-clock.ts';
import { nodeOf } from '../../../test/drivers/node-of.ts';
import type { DriverStepResult, NodeDriver } from '../driver.ts';
import { makeFakeHardware } from './fake-hardware.ts';
import { DEFAULT_FAKE_OPTIONS } from './options.ts';

const makeDriver = (): NodeDriver => {
  const type = makeFakeHardware(DEFAULT_FAKE_OPTIONS, makeHandClock());
  return type.driverOf(type.defaults);
};

const runStep = async (
  driver: NodeDriver,
  node: NodeRecord,
  name: string,
  args: JsonObject = {},
): Promise<DriverStepResult> => {
  const step = driver.steps?.find((each) => `${each.interface}.${each.step}` === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step.run(node, args);
};

const valueOf = async (driver: NodeDriver, node: NodeRecord, name: string) =>
  (await driver.bios?.fetchSettings(node))?.find((setting) => setting.name === name)?.value;

test('settings outlive the process with the node that they are of', async () => {
  const node = nodeOf({});
  const settings = [{ name: 'BootTimeout', value: 9 }];

  const { node: change } = await runStep(makeDriver(), node, 'bios.apply_configuration', {
    settings,
  });

  const later = nodeOf({}, change);
  assert.equal(await valueOf(makeDriver(), later, 'BootTimeout'), '9');
  assert.equal(await valueOf(makeDriver(), node, 'BootTimeout'), '5');
});

test('a setting that cannot be is refused, and the others with it', async () => {
  const driver = makeDriver();
  const node = nodeOf({});
  const good = { name: 'BootTimeout', value: '9' };

  for (const bad of [
    { name: 'Nothing', value: '1' },
    { name: 'ProcTurboMode', value: 'Sometimes' },
    { name: 'EnabledCores', value: '65' },
    { name: 'EnabledCores', value: '-1' },
    { name: 'FirmwareRelease', value: '2' },
    { name: 'AssetTag', value: 'x'.repeat(64) },
    'BootTimeout',
  ]) {
    await assert.rejects(
      runStep(driver, node, 'bios.apply_configuration', { settings: [good, bad] }),
      { code: 'steps.invalid' },
    );
  }

  assert.equal(await valueOf(driver, node, 'BootTimeout'), '5');
});

test('an update that names no image is refused', async () => {
  for (const settings of [
    undefined,
    [],
    [{ component: 'gpu', url: 'https://example.com/a' }],
    [{ component: 'bmc', url: 'ftp://example.com/a' }],
    [{ component: 'bmc' }],
  ]) {
    await assert.rejects(
      runStep(
        makeDriver(),
        nodeOf({}),
        'firmware.update',
        settings === undefined ? {} : { settings },
      ),
      { code: 'steps.invalid' },
    );
  }
});

const ROOT = { raid_level: '1', size_gb: 10, is_root_volume: true, volume_name: 'root' };
const DATA = { raid_level: '5', size_gb: 'MAX', volume_name: 'data' };

const namesOf = ({ node }: DriverStepResult): unknown => {
  const disks = node?.raidConfig?.['logical_disks'];
  return Array.isArray(disks) ? disks.map((disk) => (disk as JsonObject)['volume_name']) : disks;
};

test('volumes are made as the arguments say', async () => {
  const driver = makeDriver();
  const node = nodeOf({}, { targetRaidConfig: { logical_disks: [ROOT, DATA] } });
  const create = (args: JsonObject, more: Partial<NodeRecord> = {}) =>
    runStep(driver, { ...node, ...more }, 'raid.create_configuration', args);
  const old = { raidConfig: { logical_disks: [{ ...DATA, volume_name: 'old' }] } };

  assert.deepEqual(namesOf(await create({})), ['root', 'data']);
  assert.deepEqual(namesOf(await create({ create_root_volume: false })), ['data']);
  assert.deepEqual(namesOf(await create({ create_nonroot_volumes: false })), ['root']);
  assert.deepEqual(namesOf(await create({}, old)), ['old', 'root', 'data']);
  assert.deepEqual(namesOf(await create({ delete_existing: true }, old)), ['root', 'data']);
});

test('a step that is run again makes nothing twice', async () => {
  const driver = makeDriver();
  const node = nodeOf({}, { targetRaidConfig: { logical_disks: [ROOT] } });

  const first = await runStep(driver, node, 'raid.create_configuration');
  const second = await runStep(driver, { ...node, ...first.node }, 'raid.create_configuration');

  assert.deepEqual(second.node?.raidConfig, first.node?.raidConfig);
});

test('a deploy step applies what it is given, and refuses what is no configuration', async () => {
  const driver = makeDriver();
  const applied = await runStep(driver, nodeOf({}), 'raid.apply_configuration', {
    raid_config: { logical_disks: [DATA] },
  });

  assert.deepEqual(applied.node?.targetRaidConfig, { logical_disks: [DATA] });
  await assert.rejects(
    runStep(driver, nodeOf({}), 'raid.apply_configuration', { raid_config: { disks: [] } }),
    { status: 400 },
  );
});

test('interfaces that a node does not use have no steps', () => {
  const type = makeFakeHardware(DEFAULT_FAKE_OPTIONS, makeHandClock());
  const driver = type.driverOf({ ...type.defaults, raid: 'no-raid', vendor: 'no-vendor' });
  const kinds = new Set(driver.steps?.map((step) => step.interface));

  assert.deepEqual([...kinds].sort(), ['bios', 'firmware', 'management']);
  assert.equal(driver.raid, undefined);
  assert.equal(driver.validateAll(nodeOf({}))['raid']?.result, false);
  assert.equal(driver.validateAll(nodeOf({}))['bios']?.result, true);
});
