// Shards are what the nodes say: there is no table of them.

import { sql } from 'kysely';

import type { Queryable } from './database.ts';

/** How clients know the nodes that are in no shard. */
const NO_SHARD = 'None';

export type Shard = { readonly name: string; readonly count: number };

/** The largest first, and by name where they are equal. */
export const listShards = async (queryable: Queryable): Promise<readonly Shard[]> => {
  const rows = await queryable
    .selectFrom('node')
    .select([
      sql<string>`coalesce(shard, ${sql.lit(NO_SHARD)})`.as('name'),
      sql<number>`count(*)`.as('count'),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`2 desc, 1`)
    .execute();
  return rows.map(({ name, count }) => ({ name, count }));
};
