// Runs the rules of a phase over what is known of a machine. Pure: it reads and makes values, and nothing in it waits
// or writes. All rules count or none: the first one that fails ends it all.

import { Failure } from '@bessemer/protocol/errors/failure';
import { type Budget, BudgetSpent } from '@bessemer/protocol/inspection/linear-regex';
import type { InspectionRuleRecord, RuleAction } from '@bessemer/protocol/inspection/rule-record';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import { runAction } from './actions.ts';
import { conditionHolds } from './conditions.ts';
import { loopItems } from './loop-items.ts';
import type { Scope } from './resolve.ts';
import { RuleProblem } from './rule-problem.ts';
import type { Work } from './work.ts';

/**
 * Of one inspection: characters handled and steps of expressions made. A quarter of a second of a processor, and a
 * hundred times what rules of ordinary sites need.
 */
const BUDGET_STEPS = 5_000_000;

type Rule = Pick<
  InspectionRuleRecord,
  'uuid' | 'description' | 'priority' | 'sensitive' | 'conditions' | 'actions'
>;

export type RulesReport = {
  /** UUIDs of those whose conditions held, in the order in which they ran. */
  readonly applied: readonly string[];
  readonly skippedCount: number;
};

/** `rules` in the order to run them in. Changes `work`. Throws Failure(`inspect.rule`) that names the rule. */
export const runRules = (
  rules: readonly Rule[],
  work: Work,
  inventory: JsonObject,
): RulesReport => {
  const budget: Budget = { steps: BUDGET_STEPS };
  const applied: string[] = [];
  for (const rule of rules) {
    try {
      if (runRule(rule, work, inventory, budget)) applied.push(rule.uuid);
    } catch (error) {
      throw failureOf(rule, error);
    }
  }
  return { applied, skippedCount: rules.length - applied.length };
};

const runRule = (rule: Rule, work: Work, inventory: JsonObject, budget: Budget): boolean => {
  const scopeNow = (item?: JsonValue): Scope => ({
    node: { ...work.facts, ...work.attributes, traits: [...work.traits] },
    inventory,
    plugin_data: work.pluginData,
    item,
    isSensitive: rule.sensitive,
    budget,
  });
  const scope = scopeNow();
  if (!rule.conditions.every((condition) => conditionHolds(condition, scope))) return false;
  for (const action of rule.actions) {
    const items = loopItems(action.loop, scopeNow(), 'fail') ?? [undefined];
    for (const item of items) {
      charge(budget, action, work);
      runAction(action, work, scopeNow(item?.resolved), item?.raw, rule.uuid);
    }
  }
  return true;
};

/** Each action copies what it changes, and may copy what it refers to. */
const charge = (budget: Budget, action: RuleAction, work: Work): void => {
  const isOfPlugin = action.op.endsWith('plugin-data');
  const handled = isOfPlugin ? work.pluginData : work.attributes;
  budget.steps -= JSON.stringify(handled).length;
  if (budget.steps < 0) throw new BudgetSpent();
};

const failureOf = (rule: Rule, error: unknown): unknown => {
  const isSpent = error instanceof BudgetSpent;
  if (!isSpent && !(error instanceof RuleProblem)) return error;
  const why = isSpent ? 'the rules would take too long for this machine' : error.message;
  const name = rule.description === null ? rule.uuid : `${rule.uuid} (${rule.description})`;
  // What a sensitive rule says may hold what it keeps secret.
  const text = rule.sensitive ? 'it is sensitive, so why is not told' : why;
  return new Failure('inspect.rule', `Inspection rule ${name} failed the inspection: ${text}.`, {
    details: { rule: rule.uuid },
  });
};
