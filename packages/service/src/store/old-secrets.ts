// driver_info that was stored before its secrets were sealed. Read once at start.

import type { JsonObject } from '@bessemer/protocol/json';
import { maskDriverInfo } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Queryable } from './database.ts';

const PAGE_ROWS = 500;

export type ClearSecrets = {
  readonly uuid: string;
  readonly driverInfo: JsonObject;
  /** As it is stored. */
  readonly text: string;
};

export async function* nodesWithClearSecrets(queryable: Queryable): AsyncGenerator<ClearSecrets> {
  let after = 0;
  for (;;) {
    const rows = await queryable
      .selectFrom('node')
      .select(['id', 'uuid', 'driver_info'])
      .where('driver_secrets_sealed', 'is', null)
      .where('driver_info', '<>', '{}')
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE_ROWS)
      .execute();
    for (const { uuid, driver_info: text } of rows) {
      const driverInfo = JSON.parse(text) as JsonObject;
      if (JSON.stringify(maskDriverInfo(driverInfo)) !== text) yield { uuid, driverInfo, text };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** False when it was changed meanwhile. */
export const sealDriverInfo = async (
  queryable: Queryable,
  uuid: string,
  text: string,
  kept: Pick<NodeRecord, 'driverInfo' | 'driverSecrets'>,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('node')
    .set({
      driver_info: JSON.stringify(kept.driverInfo),
      driver_secrets_sealed: kept.driverSecrets,
    })
    .where('uuid', '=', uuid)
    .where('driver_info', '=', text)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};
