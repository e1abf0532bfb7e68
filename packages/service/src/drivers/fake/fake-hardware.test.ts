import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeHandClock, type HandClock } from '../../../test/drivers/hand-clock.ts';
import { nodeOf } from '../../../test/drivers/node-of.ts';
import type { NodeDriver } from '../driver.ts';
import { makeFakeHardware } from './fake-hardware.ts';
import { makeFakeMachines } from './machines.ts';
import { DEFAULT_FAKE_OPTIONS } from './options.ts';

const LIMIT = { timeoutMs: 1_000 };

const driverOf = (clock: HandClock, deploy = 'fake'): NodeDriver => {
  const type = makeFakeHardware(DEFAULT_FAKE_OPTIONS, clock);
  return type.driverOf({ ...type.defaults, deploy });
};

test('a fake machine starts as its node record says', async () => {
  const driver = driverOf(makeHandClock());

  assert.equal(await driver.power.fetchState(nodeOf({})), 'power off');
  assert.equal(await driver.power.fetchState(nodeOf({}, { powerState: 'power on' })), 'power on');
});

test('power and boot device are remembered', async () => {
  const driver = driverOf(makeHandClock());
  const node = nodeOf({});

  await driver.power.setState(node, 'rebooting', LIMIT);
  await driver.management.setBootDevice(node, 'disk', { isPersistent: true });

  assert.equal(await driver.power.fetchState(node), 'power on');
  assert.deepEqual(await driver.management.fetchBootDevice(node), {
    device: 'disk',
    isPersistent: true,
  });
});

test('work takes as long as the node says', async () => {
  const clock = makeHandClock();
  const driver = driverOf(clock);
  const node = nodeOf({ fake_power_delay: '2.5' });
  let isDone = false;

  const change = driver.power.setState(node, 'power on', LIMIT).then(() => {
    isDone = true;
  });
  clock.advance(2_499);
  await Promise.resolve();
  const wasDoneEarly = isDone;
  clock.advance(1);
  await change;

  assert.equal(wasDoneEarly, false);
  assert.equal(await driver.power.fetchState(node), 'power on');
});

test('work fails where the node says so', async () => {
  const driver = driverOf(makeHandClock());
  const node = nodeOf({ fake_fail: 'clean, power' });

  await assert.rejects(driver.power.setState(node, 'power on', LIMIT), { code: 'bmc.power' });
  await assert.doesNotReject(driver.boot.prepareInstance(node));
});

test('settings that make no sense are refused at validation', () => {
  const driver = driverOf(makeHandClock());

  for (const info of [
    { fake_power_delay: -1 },
    { fake_clean_delay: 'soon' },
    { fake_fail: 'all' },
  ]) {
    assert.throws(() => driver.power.validate(nodeOf(info)), { status: 400 });
  }
});

test('direct deployment goes through the agent', () => {
  assert.equal(driverOf(makeHandClock(), 'direct').deploy.kind, 'agent');
  assert.equal(driverOf(makeHandClock()).deploy.kind, 'simulated');
});

test('the memory of fake machines is bounded', () => {
  const machines = makeFakeMachines(2);
  const nodes = ['a', 'b', 'c'].map((uuid) => nodeOf({}, { uuid: uuid as never }));

  for (const node of nodes) machines.change(node, { power: 'power on' });

  assert.deepEqual(
    nodes.map((node) => machines.get(node).power),
    ['power off', 'power on', 'power on'],
  );
});
