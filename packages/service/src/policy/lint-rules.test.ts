import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { lintRules } from './lint-rules.ts';
import { DEFAULT_HTTP_CHECK_OPTIONS, DEFAULT_POLICY_OPTIONS } from './policy-options.ts';
import { isError, type PolicyProblem, problemText } from './policy-problem.ts';
import { parsePolicyText } from './policy-text.ts';
import { makeRuleSet } from './rule-set.ts';
import { RULE_NAMES } from './rules.ts';

const problemsOf = (text: string, options = DEFAULT_POLICY_OPTIONS): readonly PolicyProblem[] => {
  const { overrides, problems } = parsePolicyText(text, 'policy.yaml');
  return [...problems, ...lintRules(overrides, makeRuleSet(overrides, options), options)];
};

const told = (text: string, options = DEFAULT_POLICY_OPTIONS): readonly string[] =>
  problemsOf(text, options).map(problemText);

const chainOf = (length: number, rule: (next: string) => string): string =>
  JSON.stringify({
    ...Object.fromEntries(
      Array.from({ length }, (_, index) => [`r${index}`, rule(`rule:r${index + 1}`)]),
    ),
    [`r${length}`]: 'role:a',
    show_password: 'rule:r0',
  });

test('the defaults have nothing wrong with them, in either generation', () => {
  assert.deepEqual(told(''), []);
  assert.deepEqual(told('', { ...DEFAULT_POLICY_OPTIONS, areNewDefaultsEnforced: false }), []);
});

test('a chain of rules that is far too long is refused', () => {
  assert.deepEqual(told(chainOf(50, (next) => next)), []);
  assert.match(told(chainOf(200, (next) => next)).join(), /a chain of more than 100 rules/);
});

test('rules that grow with each reference are refused before they are asked', () => {
  const text = chainOf(60, (next) => `${next} or ${next}`);

  assert.match(told(text).join(), /takes more than 20000 checks/);
});

test('a circle is told with all who are in it', () => {
  const text = '{"a1": "rule:b1", "b1": "not rule:c1", "c1": "role:x or rule:a1"}';

  assert.match(told(text).join(), /in a circle: a1 -> b1 -> c1 -> a1/);
});

test('a circle that only the older defaults close is refused while they count', () => {
  const text = '"baremetal:node:get": "rule:baremetal:node:list"';

  assert.deepEqual(problemsOf(text).filter(isError), []);
  assert.match(
    told(text, { ...DEFAULT_POLICY_OPTIONS, areNewDefaultsEnforced: false }).join(),
    /in a circle/,
  );
});

test('an override that opens more than it names is warned of, with what it opens', () => {
  const owner = '"baremetal:node:update:owner": "!"';
  const update = '"baremetal:node:update": "role:member"';

  const [alone = ''] = told(update);
  const [beside = ''] = told(`${update}\n${owner}`);

  assert.match(alone, /decides on these as well.* baremetal:node:update:owner,/);
  assert.match(beside, /decides on these as well.* baremetal:node:update:lessee,/);
  assert.doesNotMatch(beside, /update:owner/);
  assert.deepEqual(told(owner), []);
});

test('a rule that only refers to itself is no rule that others use', () => {
  assert.match(told('"ours": "rule:ours"').join(), /no such rule/);
});

test('names that every object has are no rules', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.match(told(`{"${name}": "!"}`).join(), /no such rule/);
    assert.match(told(`{"show_password": "rule:${name}"}`).join(), /does not exist/);
  }
});

test('a value that YAML takes for something else is refused with a hint', () => {
  for (const value of ['!', '@', '[', '{}', '~', '1', '!!str x', '&a', '|', 'yes: no']) {
    assert.ok(problemsOf(`show_password: ${value}`).some(isError), value);
  }
  assert.match(told('show_password: @').join(), /need quotes/);
  assert.match(told('show_password: !').join(), /need quotes/);
});

test('an HTTP check may be written where they are allowed', () => {
  const options = { ...DEFAULT_POLICY_OPTIONS, http: DEFAULT_HTTP_CHECK_OPTIONS };

  assert.deepEqual(told('"show_password": "https://x/%(node.owner)s"', options), []);
  assert.match(told('"show_password": "http:x"', options).join(), /fixed host/);
});

test('any text is read or refused, never anything else', () => {
  const names = fc.oneof(fc.constantFrom(...RULE_NAMES.slice(0, 30)), fc.string({ maxLength: 12 }));
  const rules = fc.oneof(
    fc.constantFrom(
      '',
      '@',
      '!',
      'role:a',
      'rule:is_admin',
      'not role:a',
      [],
      [['role:a']],
      null,
      7,
    ),
    fc.string({ maxLength: 20 }),
    names.map((name) => `rule:${name}`),
  );
  const texts = fc.oneof(
    fc.dictionary(names, rules).map((policy) => JSON.stringify(policy)),
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const each of problemsOf(text)) assert.ok(each.text.length > 0);
    }),
    { numRuns: 500 },
  );
});
