// Chassis: a name for a group of nodes, kept because clients ask for it.

import type { Selectable } from 'kysely';

import { isoTime } from '#clock';

import type { JsonObject } from '@bessemer/protocol/json';

import type { Queryable } from './database.ts';
import { withConflicts } from './errors.ts';
import { type PageRequest, pageOrder, pastMarker } from './paging.ts';
import type { ChassisTable } from './schema.ts';

export type ChassisRecord = {
  readonly uuid: string;
  readonly description: string | null;
  readonly extra: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

const chassisOfRow = (row: Selectable<ChassisTable>): ChassisRecord => ({
  uuid: row.uuid,
  description: row.description,
  extra: JSON.parse(row.extra) as JsonObject,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const findChassis = async (
  queryable: Queryable,
  uuid: string,
): Promise<ChassisRecord | undefined> => {
  const row = await queryable
    .selectFrom('chassis')
    .selectAll()
    .where('uuid', '=', uuid)
    .executeTakeFirst();
  return row === undefined ? undefined : chassisOfRow(row);
};

/** Throws `MarkerUnknown`. */
export const listChassis = async (
  queryable: Queryable,
  page: PageRequest,
): Promise<readonly ChassisRecord[]> => {
  let query = queryable.selectFrom('chassis').selectAll().limit(page.limit);
  if (page.marker !== undefined) {
    query = query.where(await pastMarker(queryable, 'chassis', page, page.marker));
  }
  for (const order of pageOrder('chassis', page)) query = query.orderBy(order);
  return (await query.execute()).map(chassisOfRow);
};

/** Throws `Conflict` on `uuid`. */
export const insertChassis = async (
  queryable: Queryable,
  chassis: Pick<ChassisRecord, 'uuid' | 'description' | 'extra'>,
  options: { readonly nowMs: number },
): Promise<ChassisRecord> =>
  withConflicts(async () => {
    const row = await queryable
      .insertInto('chassis')
      .values({
        uuid: chassis.uuid,
        description: chassis.description,
        extra: JSON.stringify(chassis.extra),
        created_at: isoTime(options.nowMs),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return chassisOfRow(row);
  });

/** `occupied` when nodes are in it: it stays then. */
export const deleteChassis = async (
  queryable: Queryable,
  uuid: string,
): Promise<'deleted' | 'occupied' | 'absent'> => {
  const result = await queryable
    .deleteFrom('chassis')
    .where('uuid', '=', uuid)
    .where((where) =>
      where.not(
        where.exists(where.selectFrom('node').select('uuid').where('chassis_uuid', '=', uuid)),
      ),
    )
    .executeTakeFirst();
  if (result.numDeletedRows > 0n) return 'deleted';
  return (await findChassis(queryable, uuid)) === undefined ? 'absent' : 'occupied';
};
