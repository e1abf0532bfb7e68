// The settings of a node's firmware, as they were read last.

import { isoTime } from '#clock';

import type { JsonObject } from '@bessemer/protocol/json';

import type { Queryable } from './database.ts';

export type StoredBiosSetting = {
  readonly name: string;
  readonly value: string | null;
  /** What the setting may be, under the names of the API. */
  readonly registry: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type ReadBiosSetting = Pick<StoredBiosSetting, 'name' | 'value' | 'registry'>;

export const listBiosSettings = async (
  queryable: Queryable,
  nodeUuid: string,
): Promise<readonly StoredBiosSetting[]> => {
  const rows = await queryable
    .selectFrom('bios_setting')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('name')
    .execute();
  return rows.map((row) => ({
    name: row.name,
    value: row.value,
    registry: JSON.parse(row.registry) as JsonObject,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
};

/** Makes `read` what is known; what did not change keeps its times. */
export const replaceBiosSettings = async (
  queryable: Queryable,
  nodeUuid: string,
  read: readonly ReadBiosSetting[],
  nowMs: number,
): Promise<void> => {
  const now = isoTime(nowMs);
  const known = new Map(
    (await listBiosSettings(queryable, nodeUuid)).map((setting) => [setting.name, setting]),
  );
  for (const { name, value, registry } of read) {
    const before = known.get(name);
    known.delete(name);
    const values = { value, registry: JSON.stringify(registry) };
    if (before === undefined) {
      await queryable
        .insertInto('bios_setting')
        .values({ node_uuid: nodeUuid, name, ...values, created_at: now, updated_at: null })
        .execute();
    } else if (before.value !== value || JSON.stringify(before.registry) !== values.registry) {
      await queryable
        .updateTable('bios_setting')
        .set({ ...values, updated_at: now })
        .where('node_uuid', '=', nodeUuid)
        .where('name', '=', name)
        .execute();
    }
  }
  for (const name of known.keys()) {
    await queryable
      .deleteFrom('bios_setting')
      .where('node_uuid', '=', nodeUuid)
      .where('name', '=', name)
      .execute();
  }
};
