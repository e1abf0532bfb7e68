// What belongs to a node is listed by facts of that node, too: whose it is, its shard, its conductor group.

import { type Expression, sql, type SqlBool } from 'kysely';

import type { ListConditions } from './record-table.ts';

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
): Required<ListConditions> => {
  const asked: Expression<SqlBool>[] = [];
  const visible: Expression<SqlBool>[] = [];
  const nodeUuid = sql.ref(`${table}.node_uuid`);
  const ofNodes = (condition: Expression<unknown>): Expression<SqlBool> =>
    sql<SqlBool>`${nodeUuid} in (select uuid from node where ${condition})`;
  if (filters.nodeUuid !== undefined) {
    visible.push(sql<SqlBool>`${nodeUuid} = ${filters.nodeUuid}`);
  }
  if (filters.project !== undefined) {
    visible.push(ofNodes(sql`owner = ${filters.project} or lessee = ${filters.project}`));
  }
  const anyOf = (column: 'shard' | 'conductor_group', values: readonly string[]): void => {
    // Nothing asked for matches nothing; an empty list is no SQL.
    const isOne = ofNodes(sql`${sql.ref(column)} in (${sql.join(values)})`);
    asked.push(values.length === 0 ? sql<SqlBool>`1 = 0` : isOne);
  };
  if (filters.shards !== undefined) anyOf('shard', filters.shards);
  if (filters.conductorGroups !== undefined) anyOf('conductor_group', filters.conductorGroups);
  return { visible, asked };
};
