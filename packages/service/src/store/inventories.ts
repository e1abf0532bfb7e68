// The last inventory of each node.

import { isoTime } from '#clock';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';

export type StoredInventory = { readonly inventory: JsonObject; readonly pluginData: JsonObject };

export const saveInventory = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  stored: StoredInventory,
  nowMs: number,
): Promise<void> => {
  const values = {
    inventory: JSON.stringify(stored.inventory),
    plugin_data: JSON.stringify(stored.pluginData),
    created_at: isoTime(nowMs),
  };
  await queryable
    .insertInto('inventory')
    .values({ node_uuid: nodeUuid, ...values })
    .onConflict((conflict) => conflict.column('node_uuid').doUpdateSet(values))
    .execute();
};

export const findInventory = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<StoredInventory | undefined> => {
  const row = await queryable
    .selectFrom('inventory')
    .select(['inventory', 'plugin_data'])
    .where('node_uuid', '=', nodeUuid)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    inventory: JSON.parse(row.inventory) as JsonObject,
    pluginData: JSON.parse(row.plugin_data) as JsonObject,
  };
};
