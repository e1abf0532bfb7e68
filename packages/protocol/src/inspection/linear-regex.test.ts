import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { BudgetSpent, matchesRegex } from './linear-regex.ts';
import { parseRegex } from './regex-parse.ts';

const budget = (): { steps: number } => ({ steps: 10_000_000 });
const whole = (pattern: string, text: string): boolean =>
  matchesRegex(parseRegex('regex', pattern), text, 'whole', budget());
const within = (pattern: string, text: string): boolean =>
  matchesRegex(parseRegex('regex', pattern), text, 'within', budget());

test('ordinary patterns match what they match elsewhere', () => {
  for (const [pattern, text, isWhole, isWithin] of [
    ['Dell.*', 'Dell Inc.', true, true],
    ['Dell', 'Dell Inc.', false, true],
    ['^Inc', 'Dell Inc.', false, false],
    ['Inc\\.$', 'Dell Inc.', false, true],
    ['(a|bc){2,3}', 'abca', true, true],
    ['[^a-c]+', 'xyz', true, true],
    ['[]x-]+', 'x]-', true, true],
    ['\\d{3}', '12', false, false],
    ['a{,2}', 'aa', true, true],
    ['a{2}?', 'aa', true, true],
    ['(?i)dell', 'DELL', true, true],
    ['(?P<vendor>HP|HPE)', 'HPE', true, true],
    ['\\bcat\\b', 'a cat!', false, true],
    ['a.c', 'a\nc', false, false],
    ['(?s)a.c', 'a\nc', true, true],
    ['abc', 'abc\n', true, true],
    ['\\x41\\u0042', 'AB', true, true],
    ['', '', true, true],
    ['a|', '', true, true],
    ['()*x', 'x', true, true],
    ['🚂+', '🚂🚂', true, true],
    ['{a}', '{a}', true, true],
  ] as const) {
    assert.equal(whole(pattern, text), isWhole, `whole ${pattern} on ${text}`);
    assert.equal(within(pattern, text), isWithin, `within ${pattern} on ${text}`);
  }
});

test('T-59: patterns that need memory, or are broken or huge, are refused and named', () => {
  for (const pattern of [
    '(a)\\1',
    '(?=a)',
    '(?<!a)b',
    'a++',
    'a**',
    '*a',
    '(a',
    'a)',
    '[a',
    'a\\',
    'a{3,1}',
    'a{2000}',
    '((a{100}){100}){100}',
    '[z-a]',
    'a'.repeat(513),
    '('.repeat(60) + ')'.repeat(60),
  ]) {
    assert.throws(() => parseRegex('regex', pattern), /^Refusal: regex: /, pattern);
  }
});

test('T-59: a pattern that blows up elsewhere takes work in proportion to the text', () => {
  const steps = (length: number): number => {
    const spent = budget();
    matchesRegex(parseRegex('r', '(a+)+$'), `${'a'.repeat(length)}!`, 'whole', spent);
    return 10_000_000 - spent.steps;
  };

  assert.ok(steps(4_000) < steps(1_000) * 5);
  assert.ok(steps(4_000) < 200_000);
});

test('a match that would go over its budget is stopped', () => {
  const program = parseRegex('r', '(a?){500}b');

  assert.throws(
    () => matchesRegex(program, 'a'.repeat(4_000), 'within', { steps: 100_000 }),
    BudgetSpent,
  );
});

test('it agrees with the built-in expressions on what both know', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '(?:a|b)', '(?:ab)', '\\b');
  const piece = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{1,2}'))
    .filter(([each, repeat]) => each !== '\\b' || repeat === '')
    .map((parts) => parts.join(''));
  const pattern = fc
    .array(fc.array(piece, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((choices) => choices.map((pieces) => pieces.join('')).join('|'));
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ' ', '-'), { maxLength: 10 })
    .map((characters) => characters.join(''));

  fc.assert(
    fc.property(pattern, text, (each, sample) => {
      assert.equal(whole(each, sample), new RegExp(`^(?:${each})$`, 'u').test(sample));
      assert.equal(within(each, sample), new RegExp(each, 'u').test(sample));
    }),
    { numRuns: 3_000 },
  );
});

test('no pattern, whatever it is, does anything but be refused or match', () => {
  fc.assert(
    fc.property(
      fc.string({
        maxLength: 40,
        unit: fc.constantFrom(...Array.from('ab()[]{}*+?|\\^$.-,12dwsxubAZ<>P=!:')),
      }),
      fc.string({ maxLength: 30 }),
      (each, sample) => {
        try {
          within(each, sample);
        } catch (error) {
          assert.equal((error as Error).name, 'Refusal', each);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
