import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { memberAt, parseAnswer, textAt, textsAt } from './json-guard.ts';

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('JSON passes up to the depth limit', () => {
  assert.doesNotThrow(() => parseAnswer(deep(25), 'https://bmc'));
  assert.throws(() => parseAnswer(deep(26), 'https://bmc'), { code: 'bmc.protocol' });
});

test('brackets inside texts are no depth', () => {
  const text = JSON.stringify({ a: `\\"${'['.repeat(100)}"`, b: '\\' });

  assert.deepEqual(parseAnswer(text, 'https://bmc'), JSON.parse(text));
});

test('any JSON of modest depth is parsed as it is', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      assert.deepEqual(parseAnswer(text, 'https://bmc'), JSON.parse(text));
    }),
  );
});

test('an empty body is nothing', () => {
  assert.equal(parseAnswer(' \n', 'https://bmc'), undefined);
});

test('members are found only where they are', () => {
  const value = { a: { b: ['x', 1, null] }, t: ' \u0000 one\ntwo ' };

  assert.deepEqual(memberAt(value, 'a', 'b'), ['x', 1, null]);
  assert.equal(memberAt(value, 'a', 'constructor'), undefined);
  assert.equal(memberAt(value, '__proto__'), undefined);
  assert.deepEqual(textsAt(value, 'a', 'b'), ['x']);
  assert.equal(textAt(value, 't'), 'one two');
});
