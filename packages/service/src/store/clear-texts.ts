// The maps of nodes as they are, unmasked: for the few callers who are shown secrets.

import type { JsonObject } from '@bessemer/protocol/json';

import type { Queryable } from './database.ts';

export type ClearTexts = {
  /** Its secrets are sealed still. */
  readonly node: {
    readonly uuid: string;
    readonly driverInfo: JsonObject;
    readonly driverSecrets: string | null;
  };
  readonly instanceInfo: string;
  readonly driverInternalInfo: string;
};

/** By UUID, in one query. */
export const findClearTexts = async (
  queryable: Queryable,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, ClearTexts>> => {
  if (uuids.length === 0) return new Map();
  const rows = await queryable
    .selectFrom('node')
    .select([
      'uuid',
      'driver_info',
      'driver_secrets_sealed',
      'instance_info',
      'driver_internal_info',
    ])
    .where('uuid', 'in', uuids)
    .execute();
  return new Map(
    rows.map((row) => [
      row.uuid,
      {
        node: {
          uuid: row.uuid,
          driverInfo: JSON.parse(row.driver_info) as JsonObject,
          driverSecrets: row.driver_secrets_sealed,
        },
        instanceInfo: row.instance_info,
        driverInternalInfo: row.driver_internal_info,
      },
    ]),
  );
};
