// What the texts of a rule stand for. A value that was put in is never read again: a machine that calls itself
// `{node.driver_info}` is called just that.

import { type Budget, BudgetSpent } from '@bessemer/protocol/inspection/linear-regex';
import { textParts } from '@bessemer/protocol/inspection/references';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { isSecretKey, maskSecrets, SECRET_MASK } from '@bessemer/protocol/node/mask';

import { RuleProblem } from './rule-problem.ts';

export type Scope = {
  readonly node: JsonObject;
  readonly inventory: JsonObject;
  readonly plugin_data: JsonObject;
  /** Of a loop; undefined outside. */
  readonly item: JsonValue | undefined;
  /** Only rules that are sensitive themselves see what looks like a secret. */
  readonly isSensitive: boolean;
  readonly budget: Budget;
};

/** What a reference to something that is not there is: nothing, the text of the reference, or the end of the rule. */
export type WhenMissing = 'null' | 'text' | 'fail';

/** Longer than any text of an inventory; rules put some of them together. */
const TEXT_CHARS_MAX = 65_536;
const DEPTH_MAX = 25;

export const resolve = (
  value: JsonValue,
  scope: Scope,
  whenMissing: WhenMissing,
  depth = 0,
): JsonValue => {
  if (depth > DEPTH_MAX) throw new RuleProblem(`its arguments are nested deeper than ${DEPTH_MAX}`);
  if (typeof value === 'string') return resolveText(value, scope, whenMissing);
  if (Array.isArray(value)) {
    return value.map((each) => resolve(each, scope, whenMissing, depth + 1));
  }
  if (!isJsonObject(value)) return value;
  const resolved: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    resolved[key] = resolve(each, scope, whenMissing, depth + 1);
  }
  return resolved;
};

/** A text that is one reference and nothing else keeps the type of what it refers to. */
const resolveText = (text: string, scope: Scope, whenMissing: WhenMissing): JsonValue => {
  const parts = textParts(text);
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'reference') {
    const found = lookUp(scope, only.root, only.path);
    if (found !== undefined) return found;
    return missing(only.source, whenMissing);
  }
  let resolved = '';
  for (const part of parts) {
    if (part.kind === 'text') resolved += part.text;
    else {
      const found = lookUp(scope, part.root, part.path) ?? missing(part.source, whenMissing);
      resolved += asText(found);
    }
    if (resolved.length > TEXT_CHARS_MAX) {
      throw new RuleProblem(`a text would become longer than ${TEXT_CHARS_MAX} characters`);
    }
  }
  return resolved;
};

const missing = (source: string, whenMissing: WhenMissing): JsonValue => {
  if (whenMissing === 'null') return null;
  if (whenMissing === 'text') return source;
  throw new RuleProblem(`it refers to ${source}, which is not there`);
};

const lookUp = (
  scope: Scope,
  root: 'node' | 'inventory' | 'plugin_data' | 'item',
  path: readonly string[],
): JsonValue | undefined => {
  let value: JsonValue | undefined = scope[root];
  for (const key of path) {
    if (Array.isArray(value)) value = /^\d{1,6}$/.test(key) ? value[Number(key)] : undefined;
    else if (isJsonObject(value) && Object.hasOwn(value, key)) {
      value = !scope.isSensitive && isSecretKey(key) ? SECRET_MASK : value[key];
    } else return undefined;
  }
  if (value === undefined) return undefined;
  charge(scope.budget, typeof value === 'object' ? JSON.stringify(value).length : 1);
  return scope.isSensitive ? value : maskedValue(value);
};

/** Whole parts of an inventory may be referred to, again and again. */
const charge = (budget: Budget, steps: number): void => {
  budget.steps -= steps;
  if (budget.steps < 0) throw new BudgetSpent();
};

const maskedValue = (value: JsonValue): JsonValue => {
  const { value: masked = null } = maskSecrets({ value });
  return masked;
};

/** As the rules' own language writes it: None, True, False. */
export const asText = (value: JsonValue): string => {
  if (typeof value === 'string') return value;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
};

/**
 * For paths, which decide what is changed: they may take parts from the rule's own loop, and nothing from the machine.
 * `rawItem` is the item as the rule has it.
 */
export const resolveFixed = (text: string, rawItem: JsonValue | undefined): string => {
  let resolved = '';
  for (const part of textParts(text)) {
    if (part.kind === 'text') resolved += part.text;
    else {
      const found = part.root === 'item' ? ownValue(rawItem, part.path) : undefined;
      const isFixed = typeof found === 'string' && textParts(found).every(isPlain);
      if (!isFixed) {
        throw new RuleProblem(
          `the path ${text.slice(0, 200)} is not fixed: it may refer to texts of its own loop only`,
        );
      }
      resolved += found;
    }
  }
  return resolved;
};

const isPlain = (part: { readonly kind: string }): boolean => part.kind === 'text';

const ownValue = (item: JsonValue | undefined, path: readonly string[]): JsonValue | undefined => {
  let value = item;
  for (const key of path) {
    if (Array.isArray(value)) value = /^\d{1,6}$/.test(key) ? value[Number(key)] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
};
