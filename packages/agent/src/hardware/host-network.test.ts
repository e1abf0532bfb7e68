import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixOf } from './host-network.ts';

for (const [mask, prefix] of [
  ['255.255.0.0', 16],
  ['255.255.255.248', 29],
  ['0.0.0.0', 0],
  ['ffff:ffff:ffff:ffff:0:0:0:0', 64],
] as const) {
  test(`the mask ${mask} is a prefix of ${prefix}`, () => {
    assert.equal(prefixOf(mask), prefix);
  });
}
