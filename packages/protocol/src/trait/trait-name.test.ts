import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isTraitName, requireTraitName } from './trait-name.ts';

test('custom and published names are traits, other texts are not', () => {
  for (const name of ['CUSTOM_A', 'CUSTOM_RAID_1', 'HW_CPU_X86_VMX', `CUSTOM_${'A'.repeat(248)}`]) {
    assert.equal(isTraitName(name), true, name);
  }
  for (const name of [
    '',
    'CUSTOM_',
    'CUSTOM_a',
    'CUSTOM-A',
    'HW_CPU_X86_NOT_THERE',
    'custom_a',
    'CUSTOM_A\n',
    `CUSTOM_${'A'.repeat(249)}`,
  ]) {
    assert.equal(isTraitName(name), false, name);
  }
});

test('a refusal names the field and what would be right', () => {
  assert.throws(() => requireTraitName('name', 'bad'), /name: "bad" is not a trait: CUSTOM_/);
  assert.throws(() => requireTraitName('traits', undefined), /traits: None/);
});
