// Looks through what an operator wrote before it counts. An error keeps it from counting; a warning does not.

import { nearest } from '#config/nearest';

import { PUBLIC_CREDENTIALS } from './credentials.ts';
import {
  type Check,
  currentName,
  DEPRECATED_NAMES,
  templateOf,
  visitChecks,
} from './language/check.ts';
import type { PolicyOptions } from './policy-options.ts';
import type { PolicyProblem } from './policy-problem.ts';
import type { Override } from './policy-text.ts';
import type { EffectiveRule, RuleSet } from './rule-set.ts';
import { isRuleName, RULE_NAMES } from './rules.ts';

type LintOptions = Pick<PolicyOptions, 'defaultRule' | 'http'>;
type Tell = (severity: PolicyProblem['severity'], text: string) => void;

/** Checks that one answer may take: far more than all defaults together, and still done in a millisecond. */
const CHECKS_MAX = 20_000;
/** Far from the end of the stack. */
const CHAIN_MAX = 100;

const STEP_RULE = /^baremetal:step:execute:[a-z_]+\.\S+$/;
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set(Object.keys(PUBLIC_CREDENTIALS));
const OBJECT_KEYS = ['node.owner', 'node.lessee', 'allocation.owner', 'runbook.owner'];
const TARGET_KEYS: ReadonlySet<string> = new Set([
  ...CREDENTIAL_NAMES,
  ...OBJECT_KEYS,
  'config.service_project_name',
]);

const didYouMean = (typed: string, names: Iterable<string>): string => {
  const guess = nearest(typed, [...names]);
  return guess === undefined ? '' : `; did you mean "${guess}"?`;
};

export const lintRules = (
  overrides: ReadonlyMap<string, Override>,
  set: RuleSet,
  options: LintOptions,
): readonly PolicyProblem[] => {
  const problems: PolicyProblem[] = [];
  const referenced = new Set<string>();
  for (const { name, check } of overrides.values()) {
    visitChecks(check, (each) => {
      if (each.kind === 'rule' && each.name !== name) referenced.add(each.name);
    });
  }
  for (const override of overrides.values()) {
    const { name, path, line } = override;
    const tell: Tell = (severity, text) =>
      problems.push({ severity, path, line, rule: name, text });
    const isKnown =
      isRuleName(name) ||
      STEP_RULE.test(name) ||
      name === options.defaultRule ||
      referenced.has(name);
    if (!isKnown) {
      tell(
        'error',
        `there is no such rule, and no rule refers to it${didYouMean(name, RULE_NAMES)}`,
      );
    }
    lintCheck(override.check, { set, options, tell });
    const others = alsoDecided(override, set);
    if (others.length > 0) {
      tell(
        'warning',
        `it decides on these as well, which have no rule of their own in the file: ${others.join(', ')}`,
      );
    }
  }
  return [...problems, ...lintReferences(set)];
};

/** Rules that once were one with this, and still follow it: whoever opens it opens them. */
const alsoDecided = (override: Override, { rules }: RuleSet): readonly string[] =>
  [...rules.values()]
    .filter((rule) => rule.override === override && rule.name !== override.name)
    .map(({ name }) => name);

type Around = { readonly set: RuleSet; readonly options: LintOptions; readonly tell: Tell };

const lintCheck = (check: Check, around: Around): void => {
  const { tell } = around;
  if (check.kind === 'always') {
    const written = check.source === '' ? 'an empty rule is' : '"@" is';
    tell('warning', `${written} always true: everybody who may log in may do it`);
  }
  visitChecks(check, (each) => {
    lintOne(each, around);
    for (const part of templateOf(each)?.parts ?? []) {
      if (typeof part === 'object') lintKey(part.key, tell);
    }
  });
};

const lintOne = (check: Check, { set, options, tell }: Around): void => {
  if (check.kind === 'rule' && set.find(check.name) === undefined) {
    tell(
      'error',
      `rule:${check.name} refers to a rule that does not exist${didYouMean(check.name, set.rules.keys())}`,
    );
  }
  if (check.kind === 'http') lintUrl(check.url.source, options, tell);
  if (check.kind === 'credential') {
    const [name = ''] = check.source.split('.');
    if (Object.hasOwn(DEPRECATED_NAMES, name)) {
      tell('warning', `"${name}" is an older name; write "${currentName(name)}"`);
    } else if (!CREDENTIAL_NAMES.has(name)) {
      tell(
        'warning',
        `callers have no "${name}", so the check is false${didYouMean(name, CREDENTIAL_NAMES)}`,
      );
    }
  }
};

const lintKey = (key: string, tell: Tell): void => {
  if (Object.hasOwn(DEPRECATED_NAMES, key)) {
    tell('warning', `"%(${key})s" is an older name; write "%(${currentName(key)})s"`);
  } else if (!TARGET_KEYS.has(key)) {
    tell('warning', `nothing has a "${key}", so the check is false${didYouMean(key, TARGET_KEYS)}`);
  }
};

const lintUrl = (url: string, { http }: LintOptions, tell: Tell): void => {
  if (http === undefined) {
    tell(
      'error',
      'asks an HTTP service, which is off; [oslo_policy] allow_http_checks = true turns it on',
    );
  }
  // A key in the host would let whoever sets it choose who is told of the caller.
  if (!/^https?:\/\/[^/%?#\\]+(?:[/?]|$)/.test(url) || !URL.canParse(url)) {
    tell('error', `"${url}" is not http://HOST/PATH or https://HOST/PATH with a fixed host`);
  }
};

/** Circles, endless chains, and rules that take for ever, whichever file makes them. */
const lintReferences = (set: RuleSet): readonly PolicyProblem[] => {
  const problems: PolicyProblem[] = [];
  const costs = new Map<string, number>();
  const chain: string[] = [];
  const refuse = (rule: EffectiveRule, text: string): number => {
    const at = rule.override ?? [...set.rules.values()].find(isOverridden(chain))?.override;
    problems.push({
      severity: 'error',
      path: at?.path ?? 'defaults',
      line: at?.line,
      rule: rule.name,
      text,
    });
    return 0;
  };
  const costOf = (rule: EffectiveRule): number => {
    const known = costs.get(rule.name);
    if (known !== undefined) return known;
    const begin = chain.indexOf(rule.name);
    if (begin !== -1) {
      const circle = [...chain.slice(begin), rule.name].join(' -> ');
      return refuse(rule, `the rules refer to each other in a circle: ${circle}`);
    }
    if (chain.length >= CHAIN_MAX) return refuse(rule, `a chain of more than ${CHAIN_MAX} rules`);
    chain.push(rule.name);
    let cost = 0;
    visitChecks(rule.check, (each) => {
      const next = each.kind === 'rule' ? set.find(each.name) : undefined;
      cost += next === undefined ? 1 : costOf(next);
    });
    chain.pop();
    if (cost > CHECKS_MAX) refuse(rule, `takes more than ${CHECKS_MAX} checks`);
    // Whoever refers to it is not told once more.
    costs.set(rule.name, cost > CHECKS_MAX ? 1 : cost);
    return cost > CHECKS_MAX ? 1 : cost;
  };
  for (const rule of set.rules.values()) costOf(rule);
  return problems;
};

const isOverridden =
  (chain: readonly string[]) =>
  ({ name, override }: EffectiveRule): boolean =>
    override !== undefined && chain.includes(name);
