// An inspection rule: what is done to a node when its inventory meets the conditions.

import type { JsonObject, JsonValue } from '../json.ts';

/** By name, or in the order in which the operation lists its arguments. */
export type RuleArguments = JsonObject | JsonValue[];

export type RuleCondition = {
  /** One of `CONDITION_OPS`, with `!` in front when turned round. */
  readonly op: string;
  readonly args: RuleArguments;
  readonly loop?: JsonObject | JsonValue[];
  /** How the results of a loop count; `any` when absent. */
  readonly multiple?: 'any' | 'all' | 'first' | 'last';
};

export type RuleAction = {
  /** One of `ACTION_OPS`. */
  readonly op: string;
  readonly args: RuleArguments;
  readonly loop?: JsonObject | JsonValue[];
};

export type InspectionRuleRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly description: string | null;
  /** Higher runs earlier. */
  readonly priority: number;
  readonly phase: string;
  /** Conditions and actions are never shown again. */
  readonly sensitive: boolean;
  readonly conditions: readonly RuleCondition[];
  readonly actions: readonly RuleAction[];
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
