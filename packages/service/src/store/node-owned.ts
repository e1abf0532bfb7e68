// What belongs to a node is listed by facts of that node, too: whose it is, its shard, its conductor group.

import { type Expression, sql, type SqlBool } from 'kysely';

export type NodeOwnedFilters = {
  readonly nodeUuid?: string;
  /** Owner or lessee of the node. */
  readonly project?: string;
  readonly shards?: readonly string[];
  readonly conductorGroups?: readonly string[];
};

type NodeOwned = 'port' | 'portgroup' | 'volume_connector' | 'volume_target';

export const nodeOwnedConditions = (
  table: NodeOwned,
  filters: NodeOwnedFilters,
): Expression<SqlBool>[] => {
  const conditions: Expression<SqlBool>[] = [];
  const nodeUuid = sql.ref(`${table}.node_uuid`);
  const ofNodes = (condition: Expression<unknown>): void => {
    conditions.push(sql<SqlBool>`${nodeUuid} in (select uuid from node where ${condition})`);
  };
  if (filters.nodeUuid !== undefined) {
    conditions.push(sql<SqlBool>`${nodeUuid} = ${filters.nodeUuid}`);
  }
  if (filters.project !== undefined) {
    ofNodes(sql`owner = ${filters.project} or lessee = ${filters.project}`);
  }
  const anyOf = (column: 'shard' | 'conductor_group', values: readonly string[]): void => {
    // Nothing asked for matches nothing; an empty list is no SQL.
    if (values.length === 0) conditions.push(sql<SqlBool>`1 = 0`);
    else ofNodes(sql`${sql.ref(column)} in (${sql.join(values)})`);
  };
  if (filters.shards !== undefined) anyOf('shard', filters.shards);
  if (filters.conductorGroups !== undefined) anyOf('conductor_group', filters.conductorGroups);
  return conditions;
};
