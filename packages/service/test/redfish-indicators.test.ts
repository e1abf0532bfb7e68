import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failureWith, withBmc } from './drivers/with-bmc.ts';

const LED = { component: 'system', name: 'led' } as const;

test('a light is found, switched, and read back', async (context) => {
  const { bmc, driver, node } = await withBmc(context);
  const { indicators } = driver.management;
  assert.ok(indicators !== undefined);
  bmc.machine.led = 'Off';

  const found = await indicators.list(node);
  await indicators.set(node, LED, 'blinking');

  assert.deepEqual(found, [{ ...LED, isReadOnly: false, states: ['on', 'off', 'blinking'] }]);
  assert.equal(bmc.machine.led, 'Blinking');
  assert.equal(await indicators.fetch(node, LED), 'blinking');
});

test('a machine without a light has none', async (context) => {
  const { driver, node } = await withBmc(context);

  assert.deepEqual(await driver.management.indicators?.list(node), []);
  assert.equal(await driver.management.indicators?.fetch(node, LED), 'unknown');
});

test('a drive that the BMC does not have is not filled', async (context) => {
  const { driver, node } = await withBmc(context);
  const medium = { device: 'floppy', url: 'https://example.com/a.img' } as const;

  await assert.rejects(
    async () => driver.management.virtualMedia?.attach(node, medium),
    failureWith('bmc.unsupported', 'floppy'),
  );
});
