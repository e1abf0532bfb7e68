// The items of a loop: as the rule has them, and as they are for this machine. An object is one item.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { resolve, type Scope, type WhenMissing } from './resolve.ts';
import { RuleProblem } from './rule-problem.ts';

export type LoopItem = { readonly raw: JsonValue; readonly resolved: JsonValue };

const ITEMS_MAX = 1_000;

/** Undefined: there is no loop (an empty one is none). An item that is a reference to a list stands for its members. */
export const loopItems = (
  loop: JsonObject | JsonValue[] | undefined,
  scope: Scope,
  whenMissing: WhenMissing,
): readonly LoopItem[] | undefined => {
  if (loop === undefined) return undefined;
  const raws = Array.isArray(loop) ? loop : [loop];
  const isNone = raws.length === 0 || (isJsonObject(loop) && Object.keys(loop).length === 0);
  if (isNone) return undefined;
  const items = raws.flatMap((raw): LoopItem[] => {
    const resolved = resolve(raw, scope, whenMissing);
    if (typeof raw !== 'string' || !Array.isArray(resolved)) return [{ raw, resolved }];
    return resolved.map((each) => ({ raw: null, resolved: each }));
  });
  if (items.length > ITEMS_MAX) throw new RuleProblem(`its loop has more than ${ITEMS_MAX} items`);
  return items;
};
