import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failureWith, withBmc } from './drivers/with-bmc.ts';

const LIMIT = { timeoutMs: 5_000 };

test('a machine that is off is switched on, and read back twice', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await driver.power.setState(node, 'power on', LIMIT);

  assert.deepEqual(bmc.machine.resets, ['On']);
  const readings = bmc.requests.filter((each) => each.path === '/redfish/v1/Systems/1');
  assert.equal(readings.length, 3);
});

test('asking for the state that the machine has resets nothing', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await driver.power.setState(node, 'power off', LIMIT);

  assert.deepEqual(bmc.machine.resets, []);
});

test('a restart is off and on again', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';

  await driver.power.setState(node, 'rebooting', LIMIT);

  assert.deepEqual(bmc.machine.resets, ['ForceOff', 'On']);
  assert.equal(await driver.power.fetchState(node), 'power on');
});

test('a soft restart lets the operating system shut down', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';

  await driver.power.setState(node, 'soft rebooting', LIMIT);

  assert.deepEqual(bmc.machine.resets, ['GracefulShutdown', 'On']);
});

test('a BMC that shows the old state for a while is waited for', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.readingsAfterReset = ['Off', 'Off', 'Off', 'PoweringOn'];

  await driver.power.setState(node, 'power on', LIMIT);

  assert.deepEqual(bmc.machine.resets, ['On']);
});

test('one reading of the asked state is not believed', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';
  bmc.habits.readingsAfterReset = ['Off', 'On', 'On', 'Off'];

  await driver.power.setState(node, 'power off', LIMIT);

  assert.equal(bmc.machine.shown.length, 0);
});

test('a reset whose answer is lost is settled by reading back, not by resetting again', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.cutTimes = 1;

  await driver.power.setState(node, 'power on', LIMIT);

  assert.deepEqual(bmc.machine.resets, ['On']);
});

test('a reset without effect ends in a failure that names both states', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.deafTimes = 9;

  await assert.rejects(
    driver.power.setState(node, 'power on', { timeoutMs: 100 }),
    failureWith('bmc.power', 'reports Off'),
  );
});

test('a shutdown that the operating system ignores is ordered once', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';
  bmc.habits.deafTimes = 9;

  await assert.rejects(
    driver.power.setState(node, 'soft power off', { timeoutMs: 100 }),
    failureWith('bmc.power'),
  );
  assert.deepEqual(bmc.machine.resets, ['GracefulShutdown']);
});

test('a BMC without the needed reset is named as such', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';
  bmc.habits.resetTypes = ['On', 'ForceOff'];

  await assert.rejects(
    driver.power.setState(node, 'soft power off', LIMIT),
    failureWith('bmc.unsupported', 'GracefulShutdown'),
  );
});

test('resets that are listed apart from the action are found there', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';
  Object.assign(bmc.habits, { hasActionInfo: true, resetTypes: ['On', 'ForceOff'] });

  await driver.power.setState(node, 'rebooting', LIMIT);
  await assert.rejects(
    driver.power.setState(node, 'soft power off', LIMIT),
    failureWith('bmc.unsupported'),
  );

  assert.deepEqual(bmc.machine.resets, ['ForceOff', 'On']);
});

test('an NMI leaves the power alone', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.power = 'On';

  await driver.management.injectNmi?.(node);

  assert.deepEqual(bmc.machine.resets, ['Nmi']);
  assert.equal(bmc.machine.power, 'On');
});

test('a PowerState that no BMC should have reads as error', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.machine.shown = ['Levitating'];

  assert.equal(await driver.power.fetchState(node), 'error');
});

test('resets that run as tasks are waited for', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.hasTasks = true;

  await driver.power.setState(node, 'power on', LIMIT);

  assert.equal(bmc.machine.power, 'On');
  assert.deepEqual([...bmc.tasks.values()], [-1]);
});
