// Ports as they are shown: one query a page, stored maps still text.

import { type Expression, type Selectable, sql, type SqlBool } from 'kysely';

import type { Queryable } from './database.ts';
import { contains } from './node-views.ts';
import { type PageRequest, pageOrder, pastMarker } from './paging.ts';
import type { PortTable } from './schema.ts';

export type PortView = Selectable<PortTable>;

export type PortFilters = {
  readonly nodeUuid?: string;
  readonly address?: string;
  readonly shards?: readonly string[];
  readonly conductorGroups?: readonly string[];
  readonly descriptionContains?: string;
  /** Always empty so far: there are no port groups. */
  readonly portgroup?: string;
};

/** By UUID or name. */
export const findPortView = async (
  queryable: Queryable,
  by: 'uuid' | 'name',
  value: string,
): Promise<PortView | undefined> =>
  queryable.selectFrom('port').selectAll().where(by, '=', value).executeTakeFirst();

/** One page. Throws `MarkerUnknown`. */
export const listPortViews = async (
  queryable: Queryable,
  filters: PortFilters,
  page: PageRequest,
): Promise<readonly PortView[]> => {
  let query = queryable.selectFrom('port').selectAll().limit(page.limit);
  for (const condition of conditionsOf(filters)) query = query.where(condition);
  if (page.marker !== undefined) {
    query = query.where(await pastMarker(queryable, 'port', page, page.marker));
  }
  for (const order of pageOrder('port', page)) query = query.orderBy(order);
  return query.execute();
};

const conditionsOf = (filters: PortFilters): Expression<SqlBool>[] => {
  const conditions: Expression<SqlBool>[] = [];
  if (filters.nodeUuid !== undefined) {
    conditions.push(sql<SqlBool>`port.node_uuid = ${filters.nodeUuid}`);
  }
  if (filters.address !== undefined) {
    conditions.push(sql<SqlBool>`port.address = ${filters.address}`);
  }
  if (filters.portgroup !== undefined) {
    conditions.push(sql<SqlBool>`port.portgroup_uuid = ${filters.portgroup}`);
  }
  if (filters.descriptionContains !== undefined) {
    conditions.push(contains('port.description', filters.descriptionContains));
  }
  const ofNodes = (column: string, values: readonly string[]): Expression<SqlBool> =>
    sql<SqlBool>`port.node_uuid in (select uuid from node where ${sql.ref(column)} in (${sql.join(values)}))`;
  if (filters.shards !== undefined) conditions.push(ofNodes('shard', filters.shards));
  if (filters.conductorGroups !== undefined) {
    conditions.push(ofNodes('conductor_group', filters.conductorGroups));
  }
  return conditions;
};
