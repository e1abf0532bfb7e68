import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findPattern, type PasswordPattern } from './password-pattern.ts';
import { PASSWORD_PROFILES } from './password-profiles.ts';

const patternOf = (model: string): PasswordPattern => ({ model, profile: PASSWORD_PROFILES[0] });

for (const [model, text, expected] of [
  ['Dell Inc./PowerEdge R650', 'dell inc./poweredge r650', true],
  ['Dell Inc./PowerEdge R650', 'Dell Inc./PowerEdge R650xs', false],
  ['Dell*', 'Dell Inc./PowerEdge R650', true],
  ['*/ProLiant DL3*Gen11', 'HPE/ProLiant DL380 Gen11', true],
  ['*/ProLiant DL3*Gen11', 'HPE/ProLiant DL380 Gen11 Plus', false],
  ['a*a', 'a', false],
  ['a*b*a', 'a/ba', true],
  ['a*ba*a', 'a/ba', false],
  ['*', undefined, true],
  ['*/*', undefined, false],
  ['a.c/*', 'abc/x', false],
] as const) {
  test(`a pattern for ${model} ${expected ? 'fits' : 'does not fit'} ${text ?? 'what tells nothing'}`, () => {
    assert.equal(findPattern([patternOf(model)], text) !== undefined, expected);
  });
}

test('the first pattern that fits is taken', () => {
  const patterns = ['HPE/*', 'Dell*/PowerEdge R6*', 'Dell*', '*'].map(patternOf);

  const found = ['Dell Inc./PowerEdge R650', 'Dell Inc./XE', 'Acme/1'].map(
    (model) => findPattern(patterns, model)?.model,
  );

  assert.deepEqual(found, ['Dell*/PowerEdge R6*', 'Dell*', '*']);
});
