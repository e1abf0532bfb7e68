import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nodeOf } from '../../test/drivers/node-of.ts';
import { bootModeWish } from './boot-mode-wish.ts';

test('the instance wins over the machine', () => {
  const node = nodeOf(
    {},
    {
      instanceInfo: { capabilities: { boot_mode: 'bios' } },
      properties: { capabilities: 'boot_mode:uefi' },
    },
  );

  assert.equal(bootModeWish(node), 'bios');
});

test('capabilities of a machine are a text with commas', () => {
  assert.equal(
    bootModeWish(nodeOf({}, { properties: { capabilities: 'a:b, boot_mode:uefi' } })),
    'uefi',
  );
});

test('without a known mode there is no wish', () => {
  assert.equal(bootModeWish(nodeOf({}, { properties: { capabilities: 'boot_mode:both' } })), null);
  assert.equal(bootModeWish(nodeOf({})), null);
});
