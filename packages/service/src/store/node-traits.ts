// The traits of a node: kept in its row, sorted, so that lists show them without a second look.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Queryable } from './database.ts';
import { findNode, updateNode } from './nodes.ts';

/** A rival that writes traits of the same node makes us look again; nobody has so many rivals. */
const ATTEMPTS_MAX = 20;

/**
 * Writes what `change` makes of the traits as they are; it may refuse by throwing, and may be called again. False when
 * the node is gone, locked, or never stood still.
 */
export const changeNodeTraits = async (
  queryable: Queryable,
  node: NodeRecord,
  change: (traits: readonly string[]) => readonly string[],
): Promise<boolean> => {
  let seen: NodeRecord | undefined = node;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const traits = [...new Set(change(seen.traits))].sort();
    if (traits.join() === seen.traits.join()) return true;
    const where = { traits: seen.traits, reservation: null };
    if (await updateNode(queryable, seen.uuid, { traits }, { where })) return true;
    seen = await findNode(queryable, node.uuid);
    if (seen === undefined || seen.reservation !== null) return false;
  }
  return false;
};
