// Writing into a map by path, on a copy: what lies on the way is made, what is no map in the way is a problem.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { RuleProblem, shownValue } from './rule-problem.ts';

const parentOf = (root: JsonObject, path: readonly string[]): JsonObject => {
  let parent = root;
  for (const key of path.slice(0, -1)) {
    const next: JsonValue = Object.hasOwn(parent, key) ? (parent[key] ?? {}) : {};
    if (!isJsonObject(next)) {
      throw new RuleProblem(`${path.join('/')} cannot be set: ${key} is ${shownValue(next)}`);
    }
    parent[key] = next;
    parent = next;
  }
  return parent;
};

const lastOf = (path: readonly string[]): string => path.at(-1) ?? '';

export const withValue = (
  root: JsonObject,
  path: readonly string[],
  value: JsonValue,
): JsonObject => {
  const changed = structuredClone(root);
  parentOf(changed, path)[lastOf(path)] = structuredClone(value);
  return changed;
};

export const withMember = (
  root: JsonObject,
  path: readonly string[],
  value: JsonValue,
  isUnique: boolean,
): JsonObject => {
  const changed = structuredClone(root);
  const parent = parentOf(changed, path);
  const key = lastOf(path);
  const list: JsonValue = Object.hasOwn(parent, key) ? (parent[key] ?? []) : [];
  if (!Array.isArray(list)) {
    throw new RuleProblem(`${path.join('/')} cannot be extended: it is no list`);
  }
  const isThere = list.some((each) => JSON.stringify(each) === JSON.stringify(value));
  parent[key] = isUnique && isThere ? list : [...list, structuredClone(value)];
  return changed;
};

/** Undefined when there is nothing at the path. */
export const withoutValue = (root: JsonObject, path: readonly string[]): JsonObject | undefined => {
  const changed = structuredClone(root);
  let parent: JsonObject = changed;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (!isJsonObject(next)) return undefined;
    parent = next;
  }
  if (!Object.hasOwn(parent, lastOf(path))) return undefined;
  delete parent[lastOf(path)];
  return changed;
};
