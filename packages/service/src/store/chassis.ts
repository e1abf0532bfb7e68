// Chassis: find, list, insert, update, delete.

import type { ChassisRecord } from '@bessemer/protocol/chassis/record';

import type { Queryable } from './database.ts';
import { recordTable } from './record-table.ts';

export const chassisTable = recordTable<ChassisRecord>('chassis', {
  uuid: ['uuid', 'text'],
  description: ['description', 'text'],
  extra: ['extra', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

export const {
  find: findChassis,
  list: listChassis,
  insert: insertChassis,
  update: updateChassis,
} = chassisTable;

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
