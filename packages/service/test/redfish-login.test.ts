import assert from 'node:assert/strict';
import { test } from 'node:test';

import { systemClock } from '#clock';

import { PASSWORD } from './drivers/fake-bmc-state.ts';
import { failureWith, withBmc } from './drivers/with-bmc.ts';

test('one session serves many calls and is ended when the driver closes', async (context) => {
  const { bmc, driver, node, closeDriver } = await withBmc(context);

  await driver.power.fetchState(node);
  await driver.management.fetchBootDevice(node);
  const sessionsMeanwhile = bmc.sessions.size;
  await closeDriver();

  const logins = bmc.requests.filter((each) => each.path.endsWith('/Sessions'));
  assert.equal(logins.length, 1);
  assert.equal(sessionsMeanwhile, 1);
  assert.equal(bmc.sessions.size, 0);
});

test('the password is in no request but the login', async (context) => {
  const { bmc, driver, node } = await withBmc(context);

  await driver.power.setState(node, 'power on', { timeoutMs: 5_000 });

  const others = bmc.requests.filter((each) => !each.path.endsWith('/Sessions'));
  assert.equal(JSON.stringify(others).includes(PASSWORD), false);
  assert.equal(
    others.some((each) => each.authorization !== undefined),
    false,
  );
});

test('a lost session costs one new login and no failure', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  await driver.power.fetchState(node);
  bmc.sessions.clear();

  const state = await driver.power.fetchState(node);

  assert.equal(state, 'power off');
  assert.equal(bmc.requests.filter((each) => each.path.endsWith('/Sessions')).length, 2);
});

test('a session lost before a reset does not lose the reset', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.override = (path) => {
    if (path.endsWith('ComputerSystem.Reset') && bmc.machine.version === 1) {
      bmc.machine.version = 2;
      bmc.sessions.clear();
    }
    return undefined;
  };

  await driver.power.setState(node, 'power on', { timeoutMs: 5_000 });

  assert.deepEqual(bmc.machine.resets, ['On']);
});

test('a wrong password is tried once, however often the node is asked', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const node = nodeWith({ redfish_password: 'wrong-password-99' });
  const secrets = ['wrong-password-99'];

  await assert.rejects(
    driver.power.fetchState(node),
    failureWith('bmc.credentials', 'redfish_password', secrets),
  );
  for (let times = 0; times < 20; times += 1) {
    await assert.rejects(
      driver.power.fetchState(node),
      failureWith('bmc.login-budget', 'locked out', secrets),
    );
  }

  assert.equal(bmc.refusedLogins, 1);
});

test('a corrected password is tried at once', async (context) => {
  const { bmc, driver, node, nodeWith } = await withBmc(context);
  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_password: 'wrong' })),
    failureWith('bmc.credentials'),
  );

  assert.equal(await driver.power.fetchState(node), 'power off');
  assert.equal(bmc.refusedLogins, 1);
});

test('a row of wrong passwords stops before any BMC would lock the account', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);

  for (const guess of ['a', 'b', 'c', 'd', 'e']) {
    await assert.rejects(driver.power.fetchState(nodeWith({ redfish_password: guess })));
  }

  assert.equal(bmc.refusedLogins, 2);
});

test('with basic authentication a wrong password is held back the same way', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  const node = nodeWith({ redfish_password: 'wrong', redfish_auth_type: 'basic' });

  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.credentials'));
  await assert.rejects(driver.power.fetchState(node), failureWith('bmc.login-budget'));

  assert.equal(bmc.refusedLogins, 1);
});

test('a BMC without sessions is spoken to with basic authentication', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.hasSessions = false;

  assert.equal(await driver.power.fetchState(node), 'power off');
  assert.match(bmc.requests.at(-1)?.authorization ?? '', /^Basic /);
});

test('redfish_auth_type session does not fall back', async (context) => {
  const { bmc, driver, nodeWith } = await withBmc(context);
  bmc.habits.hasSessions = false;

  await assert.rejects(
    driver.power.fetchState(nodeWith({ redfish_auth_type: 'session' })),
    failureWith('bmc.unsupported', 'no sessions'),
  );
});

test('a BMC whose sessions are all taken counts as no refused login', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  bmc.habits.isSessionLimitReached = true;

  assert.equal(await driver.power.fetchState(node), 'power off');
});

test('an idle session is ended', async (context) => {
  const idles: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after: (delayMs: number, work: () => void) => {
      if (delayMs !== 77_777) return systemClock.after(delayMs, work);
      idles.push(work);
      return () => undefined;
    },
  };
  const { bmc, driver, node } = await withBmc(context, { idleMs: 77_777 }, clock);
  await driver.power.fetchState(node);
  const ended = new Promise<void>((resolve) => {
    bmc.habits.override = (path) => {
      if (path.includes('/Sessions/')) setImmediate(resolve);
      return undefined;
    };
  });

  idles.at(-1)?.();
  await ended;

  assert.equal(bmc.sessions.size, 0);
});
