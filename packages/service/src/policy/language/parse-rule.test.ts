import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { makeCredentials } from '../credentials.ts';
import type { Check } from './check.ts';
import { compileCheck, type CompileParts } from './compile.ts';
import { decidersOf, explainCheck } from './explain-check.ts';
import { parseRule } from './parse-rule.ts';
import { RuleInvalid } from './rule-invalid.ts';
import { ruleText } from './rule-text.ts';

const textOf = (rule: unknown): string => ruleText(parseRule(rule));

const WRITTEN: readonly (readonly [rule: unknown, meaning: string])[] = [
  ['', '@'],
  ['@', '@'],
  ['!', '!'],
  [[], '@'],
  [[[]], '!'],
  [['role:a'], 'role:a'],
  [[['role:a', 'role:b'], 'role:c'], 'role:a and role:b or role:c'],
  [[['role:a', 'role:b']], 'role:a and role:b'],
  ['role:compute:admin', 'role:compute:admin'],
  ['a:1 or b:2 and not c:3', 'a:1 or b:2 and not c:3'],
  ['(a:1 or b:2) and c:3', '(a:1 or b:2) and c:3'],
  ['((a:1))', 'a:1'],
  ['( a:1 AND b:2) Or c:3', 'a:1 and b:2 or c:3'],
  ['NOT a:1 aNd b:2', 'not a:1 and b:2'],
  ['not not a:1', 'not not a:1'],
  ['not (a:1 or b:2)', 'not (a:1 or b:2)'],
  ['(project_id:%(node.owner)s)', 'project_id:%(node.owner)s'],
  ["'member':%(role.name)s", "'member':%(role.name)s"],
  ['\ta:1\n or  b:2 ', 'a:1 or b:2'],
];

for (const [rule, meaning] of WRITTEN) {
  test(`${JSON.stringify(rule)} means ${meaning}`, () => {
    assert.equal(textOf(rule), meaning);
  });
}

const WRONG: readonly (readonly [rule: unknown, message: RegExp])[] = [
  ['role:a and', /after "and", found nothing/],
  ['or role:a', /at the beginning, found "or"/],
  ['role:a role:b', /expected "and" or "or" before "role:b"/],
  ['(role:a', /a "\(" has no "\)"/],
  ['role:a)', /a "\)" has no "\("/],
  ['()', /after "\(", found "\)"/],
  ['admin', /"admin" is not a check/],
  [':admin', /":admin" is not a check/],
  ['"role:a"', /is a text and not a check/],
  ["'role:a' or role:b", /is a text and not a check/],
  ['   ', /only blanks/],
  ['role:%(x)', /"%" begins %\(key\)s/],
  ['role:100%', /"%" begins %\(key\)s/],
  ['role:%(x)d', /"%" begins %\(key\)s/],
  ["'a:%(x)s", /has no quotes/],
  ['1.2.3:%(x)s', /neither a name nor a number/],
  [null, /a text, or a list of lists/],
  [7, /a text, or a list of lists/],
  [{}, /a text, or a list of lists/],
  [[7], /checks only/],
  [[['role:a', null]], /checks only/],
  [`${'('.repeat(500)}a:1${')'.repeat(500)}`, /nested deeper/],
  [`${'not '.repeat(500)}a:1`, /nested deeper/],
  ['a:1 or '.repeat(10_000), /at most 16384 characters/],
];

for (const [rule, message] of WRONG) {
  const shown = (JSON.stringify(rule) ?? 'nothing').slice(0, 40);
  test(`${shown} is refused with what would be right`, () => {
    assert.throws(
      () => parseRule(rule),
      (error) => error instanceof RuleInvalid && message.test(error.message),
    );
  });
}

const PIECES = [
  '(',
  ')',
  ' ',
  'and',
  'or',
  'not',
  '@',
  '!',
  ':',
  'role:',
  'rule:',
  '%',
  '%(',
  ')s',
  "'",
  '"',
  'a',
  '1',
  '.',
  '[',
  '\\',
  'http://',
  '\n',
  'é',
];

test('any text is parsed or refused as a rule, and nothing else happens', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(
      fc.oneof(texts, fc.array(fc.oneof(texts, fc.array(texts))), fc.jsonValue()),
      (rule) => {
        try {
          parseRule(rule);
        } catch (error) {
          assert.ok(error instanceof RuleInvalid, String(error));
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

const NAMES = ['a', 'b', 'c', 'd'];

/** Rules over four roles, made the way the grammar says, each with parentheses only where `wrap` puts them. */
const checks: fc.Arbitrary<Check> = fc.letrec<{ check: Check }>((tie) => ({
  check: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'check' },
    fc.constantFrom(...NAMES).map((name) => parseRule(`role:${name}`)),
    fc.constantFrom('@', '!').map((text) => parseRule(text)),
    tie('check').map((check): Check => ({ kind: 'not', check })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('check'), { minLength: 2, maxLength: 4 }),
      )
      .map(([kind, all]): Check => ({ kind, checks: all })),
  ),
})).check;

const PARTS: CompileParts = {
  resolve: () => {
    throw new Error('no rule refers to another here');
  },
  askHttp: () => Promise.reject(new Error('no rule asks a service here')),
};

const allows = (check: Check, roles: readonly string[]): boolean => {
  const compiled = compileCheck(check, PARTS);
  if (compiled.isAsync) throw new Error('nothing to wait for');
  return compiled.test({
    rule: 'r',
    credentials: makeCredentials({ roles }),
    target: undefined,
    serviceProject: undefined,
  });
};

test('what is written out and parsed again is the same rule', () => {
  fc.assert(
    fc.property(checks, (check) => {
      const text = ruleText(check);
      assert.equal(ruleText(parseRule(text)), text);
    }),
  );
});

/** The meaning straight from the shape, with nothing of the compiler in it. */
const meaningOf = (check: Check, roles: ReadonlySet<string>): boolean => {
  switch (check.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'not':
      return !meaningOf(check.check, roles);
    case 'and':
      return check.checks.every((each) => meaningOf(each, roles));
    case 'or':
      return check.checks.some((each) => meaningOf(each, roles));
    case 'role':
      return roles.has(check.match.source);
    default:
      throw new Error(check.kind);
  }
};

test('not binds more than and, and more than or, however a rule is made', () => {
  fc.assert(
    fc.property(checks, fc.subarray(NAMES), (check, roles) => {
      assert.equal(allows(parseRule(ruleText(check)), roles), meaningOf(check, new Set(roles)));
    }),
    { numRuns: 500 },
  );
});

test('an explanation says what the rule says, and what it rests on is in it', async () => {
  await fc.assert(
    fc.asyncProperty(checks, fc.subarray(NAMES), async (check, roles) => {
      const asker = {
        rule: 'r',
        credentials: makeCredentials({ roles }),
        target: undefined,
        serviceProject: undefined,
      };

      const explanation = await explainCheck(check, asker, {
        find: () => undefined,
        askHttp: PARTS.askHttp,
      });

      assert.equal(explanation.isTrue, allows(check, roles));
      const deciders = decidersOf(explanation);
      assert.ok(deciders.length > 0);
      assert.ok(deciders.every((each) => each.parts.length === 0));
    }),
  );
});

test('without parentheses a rule is an "or" of "and"s', () => {
  const words = fc.array(
    fc.tuple(fc.boolean(), fc.constantFrom(...NAMES), fc.constantFrom('and', 'or')),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(words, fc.subarray(NAMES), (parts, roles) => {
      const text = parts
        .map(([isNot, name, word], at) =>
          [at === 0 ? [] : [word], isNot ? ['not'] : [], [`role:${name}`]].flat().join(' '),
        )
        .join(' ');
      const expected = text
        .split(' or ')
        .some((all) =>
          all
            .split(' and ')
            .every((one) => roles.includes(one.slice(-1)) !== one.startsWith('not ')),
        );

      assert.equal(allows(parseRule(text), roles), expected);
    }),
    { numRuns: 500 },
  );
});
