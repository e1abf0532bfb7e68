// A node that stands still for the length of a transaction: of rivals that hold the same node, one goes on after the
// other. For changes whose rules look at several rows of a node, such as its ports and their groups.

import type { Transaction } from 'kysely';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { nodeOfRow } from './node-row.ts';
import type { Schema } from './schema.ts';

/** The node as it is now. A write that changes nothing is the lock that both engines have. */
export const holdNode = async (
  transaction: Transaction<Schema>,
  uuid: string,
): Promise<NodeRecord | undefined> => {
  const row = await transaction
    .updateTable('node')
    .set({ uuid })
    .where('uuid', '=', uuid)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : nodeOfRow(row);
};

/** Several of them, always in the same order, so that rivals who want the same ones do not wait for each other. */
export const holdNodes = async (
  transaction: Transaction<Schema>,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, NodeRecord>> => {
  const held = new Map<string, NodeRecord>();
  for (const uuid of [...new Set(uuids)].sort()) {
    const node = await holdNode(transaction, uuid);
    if (node !== undefined) held.set(uuid, node);
  }
  return held;
};
