// Pages of a list: the order, and where the page after a marker begins. Sorting by any column is made total by
// the row's id, and nulls come first in ascending order on every engine.

import { type Expression, sql, type SqlBool } from 'kysely';

import type { Queryable } from './database.ts';

export type PageRequest = {
  readonly limit: number;
  /** UUID of the last object of the page before. */
  readonly marker: string | undefined;
  /** A column of the table; `id` is the order of creation. Must come from an allow list. */
  readonly sortColumn: string;
  readonly isDescending: boolean;
};

type Paged =
  | 'node'
  | 'port'
  | 'portgroup'
  | 'chassis'
  | 'deploy_template'
  | 'runbook'
  | 'inspection_rule'
  | 'allocation'
  | 'volume_connector'
  | 'volume_target';

export class MarkerUnknown extends Error {}

export const pageOrder = (table: Paged, page: PageRequest): Expression<unknown>[] => {
  const direction = page.isDescending ? sql`desc` : sql`asc`;
  const id = sql`${sql.ref(`${table}.id`)} ${direction}`;
  if (page.sortColumn === 'id') return [id];
  const column = sql.ref(`${table}.${page.sortColumn}`);
  return [
    sql`case when ${column} is null then 0 else 1 end ${direction}`,
    sql`${column} ${direction}`,
    id,
  ];
};

/**
 * The condition for rows after the marker, which must be `visible`: where in the list a row would stand tells what is in
 * it. Other conditions of the list it need not meet (any more). Throws `MarkerUnknown`.
 */
export const pastMarker = async (
  queryable: Queryable,
  table: Paged,
  page: PageRequest,
  marker: string,
  visible: readonly Expression<SqlBool>[],
): Promise<Expression<SqlBool>> => {
  const found = await queryable
    .selectFrom(table)
    .select([sql<number>`id`.as('id'), sql<unknown>`${sql.ref(page.sortColumn)}`.as('value')])
    .where('uuid', '=', marker)
    .where((where) => where.and([...visible]))
    .executeTakeFirst();
  if (found === undefined) throw new MarkerUnknown(marker);
  const id = sql.ref(`${table}.id`);
  const beyond = page.isDescending ? sql`<` : sql`>`;
  if (page.sortColumn === 'id') return sql<SqlBool>`${id} ${beyond} ${found.id}`;
  const column = sql.ref(`${table}.${page.sortColumn}`);
  if (found.value === null) {
    const sameNull = sql`(${column} is null and ${id} ${beyond} ${found.id})`;
    return page.isDescending
      ? sql<SqlBool>`${sameNull}`
      : sql<SqlBool>`(${sameNull} or ${column} is not null)`;
  }
  const later = sql`(${column} ${beyond} ${found.value} or (${column} = ${found.value} and ${id} ${beyond} ${found.id}))`;
  return page.isDescending ? sql<SqlBool>`(${later} or ${column} is null)` : sql<SqlBool>`${later}`;
};
