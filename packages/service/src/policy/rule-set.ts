// The rules in force: the defaults, the older defaults beside them while those still count, and over both what the
// operator wrote.

import type { Check } from './language/check.ts';
import { type Compiled, compileCheck } from './language/compile.ts';
import { parseRule } from './language/parse-rule.ts';
import { type AskHttp, refuseHttp } from './http-check.ts';
import type { PolicyOptions } from './policy-options.ts';
import type { Override } from './policy-text.ts';
import { POLICY_RULES, RULE_NAMES, type RuleName, ruleRow, type RuleScope } from './rules.ts';

export type EffectiveRule = {
  readonly name: string;
  readonly check: Check;
  /** Undefined: of any scope. */
  readonly scopes: readonly RuleScope[] | undefined;
  /** The override that it comes from: its own, or that of the older name. Undefined: it is the default. */
  readonly override: Override | undefined;
};

export type RuleSet = {
  readonly rules: ReadonlyMap<string, EffectiveRule>;
  /** The rule behind `rule:NAME`; undefined: there is none, and the check is false. */
  readonly find: (name: string) => EffectiveRule | undefined;
  readonly compiled: (name: string) => Compiled | undefined;
};

type Default = { readonly check: Check; readonly legacyCheck: Check | undefined };

/** Parsed when first asked for, and then kept: every file that is loaded needs them. */
let parsedDefaults: ReadonlyMap<RuleName, Default> | undefined;

const defaults = (): ReadonlyMap<RuleName, Default> => {
  parsedDefaults ??= new Map(
    RULE_NAMES.map((name) => {
      const { check, legacyCheck } = ruleRow(name);
      const legacy = legacyCheck === undefined ? undefined : parseRule(legacyCheck);
      return [name, { check: parseRule(check), legacyCheck: legacy }];
    }),
  );
  return parsedDefaults;
};

type SetOptions = Pick<PolicyOptions, 'areNewDefaultsEnforced' | 'defaultRule'>;

const effectiveRule = (
  name: RuleName,
  overrides: ReadonlyMap<string, Override>,
  options: SetOptions,
): EffectiveRule => {
  const { scopes, legacyName } = ruleRow(name);
  const override =
    overrides.get(name) ?? (legacyName === undefined ? undefined : overrides.get(legacyName));
  if (override !== undefined) return { name, check: override.check, scopes, override };
  const { check, legacyCheck } = defaults().get(name) as Default;
  const isLegacy = !options.areNewDefaultsEnforced && legacyCheck !== undefined;
  return {
    name,
    check: isLegacy ? { kind: 'or', checks: [check, legacyCheck] } : check,
    scopes,
    override: undefined,
  };
};

/** What is in it was linted before: references lead somewhere and never in a circle. */
export const makeRuleSet = (
  overrides: ReadonlyMap<string, Override>,
  options: SetOptions,
  askHttp: AskHttp = refuseHttp,
): RuleSet => {
  const rules = new Map<string, EffectiveRule>();
  for (const name of RULE_NAMES) rules.set(name, effectiveRule(name, overrides, options));
  for (const override of overrides.values()) {
    const { name, check } = override;
    if (!Object.hasOwn(POLICY_RULES, name)) {
      rules.set(name, { name, check, scopes: undefined, override });
    }
  }
  const find = (name: string): EffectiveRule | undefined =>
    rules.get(name) ?? rules.get(options.defaultRule);
  const done = new Map<string, Compiled>();
  const compiled = (name: string): Compiled | undefined => {
    const rule = find(name);
    if (rule === undefined) return undefined;
    const known = done.get(rule.name);
    if (known !== undefined) return known;
    const made = compileCheck(rule.check, { resolve: (each) => compiled(each) ?? NEVER, askHttp });
    done.set(rule.name, made);
    return made;
  };
  return { rules, find, compiled };
};

const NEVER: Compiled = { isAsync: false, test: () => false };
