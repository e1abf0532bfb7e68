// Whether a condition of a rule holds. Texts from the machine are matched in linear time and within a budget.

import { BlockList, isIP, isIPv6 } from 'node:net';

import { type Budget, matchesRegex } from '@bessemer/protocol/inspection/linear-regex';
import {
  CONDITION_OPS,
  type ConditionOp,
  isConditionOp,
  namedArguments,
  plainOp,
} from '@bessemer/protocol/inspection/operations';
import { parseRegex } from '@bessemer/protocol/inspection/regex-parse';
import type { RuleCondition } from '@bessemer/protocol/inspection/rule-record';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { loopItems } from './loop-items.ts';
import { asText, resolve, type Scope } from './resolve.ts';
import { RuleProblem, shownValue } from './rule-problem.ts';

/** Throws RuleProblem when the condition cannot be judged, BudgetSpent when it would take too long. */
export const conditionHolds = (condition: RuleCondition, scope: Scope): boolean => {
  const items = loopItems(condition.loop, scope, 'null');
  if (items === undefined) return holdsOnce(condition, scope);
  const { multiple = 'any' } = condition;
  const each = ({ resolved }: { readonly resolved: JsonValue }): boolean =>
    holdsOnce(condition, { ...scope, item: resolved });
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return false;
  if (multiple === 'first') return each(first);
  if (multiple === 'last') return each(last);
  return multiple === 'all' ? items.every(each) : items.some(each);
};

const holdsOnce = ({ op, args }: RuleCondition, scope: Scope): boolean => {
  const { budget } = scope;
  const { name, isInverted } = plainOp(op);
  if (!isConditionOp(name)) throw new RuleProblem(`there is no condition ${shownValue(op)}`);
  const { regex, ...given } = namedArguments(CONDITION_OPS[name], args);
  const resolved = resolve(given, scope, 'null') as JsonObject;
  // Braces of an expression are repetitions.
  const all = regex === undefined ? resolved : { ...resolved, regex };
  return CHECKS[name](all, budget) !== isInverted;
};

type Check = (args: JsonObject, budget: Budget) => boolean;

const valueOf = ({ value = null }: JsonObject): JsonValue => value;

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => {
  if (Array.isArray(value)) return value;
  throw new RuleProblem(`${shownValue(value)} is not a list of values`);
};

const isNumeric = (value: JsonValue): boolean =>
  typeof value === 'number' ||
  (typeof value === 'string' && /^[+-]?\d{1,300}(?:\.\d{1,300})?$/.test(value.trim()));

/** The same, or written the same: "8" is 8. */
const isEqual = (a: JsonValue, b: JsonValue): boolean =>
  typeof a === typeof b && typeof a === 'object'
    ? sorted(a) === sorted(b)
    : asText(a) === asText(b);

const sorted = (value: JsonValue): string =>
  JSON.stringify(value, (_key, each: JsonValue) =>
    isJsonObject(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/** Numbers by size, also where a text holds one; other texts by their letters. */
const order = (a: JsonValue, b: JsonValue, isText: boolean): number => {
  if (!isText && isNumeric(a) && isNumeric(b)) return Math.sign(Number(a) - Number(b));
  const areTexts = isText || (typeof a === 'string' && typeof b === 'string');
  if (!areTexts) {
    throw new RuleProblem(`${shownValue(a)} and ${shownValue(b)} cannot be compared`);
  }
  const [one, other] = [asText(a), asText(b)];
  return one < other ? -1 : Number(one > other);
};

const compared =
  (fits: (a: JsonValue, b: JsonValue, isText: boolean) => boolean): Check =>
  ({ values, force_strings: isForced }, budget) => {
    const list = listOf(values);
    budget.steps -= list.length;
    return list.every((value, index) => {
      const next = list[index + 1];
      return next === undefined || fits(value, next, isForced === true);
    });
  };

const EMPTY_TEXTS: ReadonlySet<string> = new Set(['', 'None', '[]', '{}']);

const matched =
  (where: 'whole' | 'within'): Check =>
  ({ value = null, regex }, budget) =>
    matchesRegex(parseRegex('regex', asText(regex ?? '')), asText(value), where, budget);

const isInNet: Check = ({ address = null, subnet = null }) => {
  const text = asText(address);
  const [network = '', bits] = asText(subnet).split('/', 2);
  const family = isIP(network);
  const prefix = Number(bits ?? (family === 6 ? 128 : 32));
  if (
    family === 0 ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > (family === 6 ? 128 : 32)
  ) {
    throw new RuleProblem(`${shownValue(subnet)} is not a network`);
  }
  if (isIP(text) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(text, isIPv6(text) ? 'ipv6' : 'ipv4');
};

const CHECKS: { readonly [op in ConditionOp]: Check } = {
  eq: compared(isEqual),
  lt: compared((a, b, isText) => order(a, b, isText) < 0),
  gt: compared((a, b, isText) => order(a, b, isText) > 0),
  'is-empty': (args) => EMPTY_TEXTS.has(asText(valueOf(args))),
  'is-none': (args) => asText(valueOf(args)) === 'None',
  'is-true': (args) => {
    const value = valueOf(args);
    if (typeof value === 'string') return ['yes', 'true'].includes(value.toLowerCase());
    return value === true || (typeof value === 'number' && value !== 0);
  },
  'is-false': (args) => {
    const value = valueOf(args);
    if (typeof value === 'string') return ['no', 'false'].includes(value.toLowerCase());
    return value === false || value === null || value === 0;
  },
  'one-of': ({ value = null, values = [] }, budget) => {
    const list = listOf(values);
    budget.steps -= list.length;
    return list.some((each) => isEqual(each, value));
  },
  'in-net': isInNet,
  matches: matched('whole'),
  contains: matched('within'),
};
