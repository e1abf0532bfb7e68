// Nodes as they are shown: secrets masked, free-form maps still the JSON text that was stored. Lists are one query
// and never become records, so that a page of a thousand costs little more than reading it.

import {
  CompiledQuery,
  type Expression,
  type ExpressionBuilder,
  type Selectable,
  sql,
  type SqlBool,
} from 'kysely';

import type { NodeFieldName } from '@bessemer/protocol/node/fields';
import { isUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { type PageRequest, pageOrder, pastMarker } from './paging.ts';
import type { AgentSessionTable, NodeTable, Schema } from './schema.ts';

type SecretColumn = 'instance_info' | 'driver_internal_info';

/** What the agent of the node is known to be, if one is at work. */
export type SessionFacts = {
  [
    column in
      | 'callback_url'
      | 'agent_version'
      | 'last_seen_ms'
      | 'route'
      | 'trust_level'
      | 'boot_no'
      | 'pin' as `session_${column}`
  ]: AgentSessionTable[column] | null;
} & { readonly session_state: string | null; readonly session_has_token: number | null };

/** Only the columns that were asked for are there; flags are 0 or 1, maps are JSON text with secrets masked. */
export type NodeView = Omit<Selectable<NodeTable>, SecretColumn | `${SecretColumn}_masked`> & {
  readonly [column in SecretColumn]: string;
} & SessionFacts;

export type NodeFilters = {
  readonly chassisUuid?: string;
  readonly instanceUuid?: string;
  readonly instanceName?: string;
  readonly isAssociated?: boolean;
  readonly isInMaintenance?: boolean;
  readonly isRetired?: boolean;
  readonly provisionState?: string;
  readonly driver?: string;
  readonly resourceClass?: string;
  readonly fault?: string;
  readonly conductorGroup?: string;
  readonly conductor?: string;
  readonly owner?: string;
  readonly lessee?: string;
  /** Owner or lessee. */
  readonly project?: string;
  readonly descriptionContains?: string;
  readonly shards?: readonly string[];
  readonly isSharded?: boolean;
  /** Children of this node only. */
  readonly parentNode?: string;
  /** Nodes with a parent are hidden unless this is set or `parentNode` names one. */
  readonly withChildren?: boolean;
};

const COMPUTED: ReadonlySet<string> = new Set(['ports', 'states', 'portgroups', 'volume', 'links']);

const SESSION_COLUMNS = [
  'agent_session.callback_url as session_callback_url',
  'agent_session.agent_version as session_agent_version',
  'agent_session.last_seen_ms as session_last_seen_ms',
  'agent_session.route as session_route',
  'agent_session.trust_level as session_trust_level',
  'agent_session.boot_no as session_boot_no',
  'agent_session.pin as session_pin',
  'agent_session.state as session_state',
] as const;

/** The columns behind the asked fields; `uuid` always among them (links need it), and whose the node is. */
const columnsOf = (fields: readonly NodeFieldName[]): readonly string[] => {
  const columns = new Set(['node.uuid as uuid', 'node.owner as owner', 'node.lessee as lessee']);
  for (const field of fields) {
    if (COMPUTED.has(field)) continue;
    if (field.endsWith('_interface')) columns.add('node.interfaces as interfaces');
    else if (field === 'instance_info') {
      columns.add('node.instance_info_masked as instance_info');
    } else if (field === 'driver_internal_info') {
      columns.add('node.driver_internal_info_masked as driver_internal_info');
      for (const column of SESSION_COLUMNS) columns.add(column);
    } else columns.add(`node.${field} as ${field}`);
  }
  return [...columns];
};

const selectViews = (queryable: Queryable, fields: readonly NodeFieldName[]) => {
  const select = queryable.selectFrom('node').select(columnsOf(fields) as never);
  if (!fields.includes('driver_internal_info')) return select;
  return select
    .leftJoin('agent_session', (join) =>
      join
        .onRef('agent_session.node_uuid', '=', 'node.uuid')
        .on('agent_session.closed_at_ms', 'is', null),
    )
    .select(
      sql<number>`case when agent_session.token_hash is null then 0 else 1 end`.as(
        'session_has_token',
      ),
    );
};

/**
 * Texts of the single-node query, by engine and key column, for each set of fields: building it anew would cost
 * more than running it. Hand in the same array for the same set.
 */
const SINGLE_TEXTS = new WeakMap<readonly NodeFieldName[], Map<string, string>>();

const singleText = (
  queryable: Queryable,
  fields: readonly NodeFieldName[],
  by: 'uuid' | 'name',
): string => {
  const texts = SINGLE_TEXTS.get(fields) ?? new Map<string, string>();
  SINGLE_TEXTS.set(fields, texts);
  const key = `${queryable.getExecutor().adapter.constructor.name} ${by}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const made = selectViews(queryable, fields).where(`node.${by}`, '=', '').compile().sql;
  texts.set(key, made);
  return made;
};

/** One node by UUID or name. */
export const findNodeView = async (
  queryable: Queryable,
  ident: string,
  fields: readonly NodeFieldName[],
): Promise<NodeView | undefined> => {
  const [by, value] = isUuid(ident)
    ? (['uuid', ident.toLowerCase()] as const)
    : (['name', ident] as const);
  const text = singleText(queryable, fields, by);
  const { rows } = await queryable.executeQuery<NodeView>(CompiledQuery.raw(text, [value]));
  return rows[0];
};

/** One page. Throws `MarkerUnknown`, also for a marker that is not of the asked project. */
export const listNodeViews = async (
  queryable: Queryable,
  fields: readonly NodeFieldName[],
  filters: NodeFilters,
  page: PageRequest,
): Promise<readonly NodeView[]> => {
  let query = selectViews(queryable, fields)
    .where((where) => where.and(conditionsOf(where, filters)))
    .limit(page.limit);
  if (page.marker !== undefined) {
    const visible = filters.project === undefined ? [] : [isOfProject(filters.project)];
    query = query.where(await pastMarker(queryable, 'node', page, page.marker, visible));
  }
  for (const order of pageOrder('node', page)) query = query.orderBy(order);
  return (await query.execute()) as unknown as readonly NodeView[];
};

/** UUIDs of the nodes that have this one as their parent; of one project only when it is given. */
export const listChildren = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  project?: string,
): Promise<readonly string[]> => {
  const rows = await queryable
    .selectFrom('node')
    .select('uuid')
    .where((where) =>
      where.and(
        conditionsOf(where, {
          parentNode: nodeUuid,
          ...(project === undefined ? {} : { project }),
        }),
      ),
    )
    .orderBy('id')
    .execute();
  return rows.map((row) => row.uuid);
};

type Where = ExpressionBuilder<Schema, 'node'>;

const EQUAL = {
  chassisUuid: 'chassis_uuid',
  instanceUuid: 'instance_uuid',
  instanceName: 'instance_name',
  provisionState: 'provision_state',
  driver: 'driver',
  resourceClass: 'resource_class',
  fault: 'fault',
  conductorGroup: 'conductor_group',
  conductor: 'conductor',
  owner: 'owner',
  lessee: 'lessee',
  parentNode: 'parent_node',
} as const satisfies { readonly [filter in keyof NodeFilters]?: keyof NodeTable };

const isOfProject = (project: string): Expression<SqlBool> =>
  sql<SqlBool>`(node.owner = ${project} or node.lessee = ${project})`;

const conditionsOf = (where: Where, filters: NodeFilters): Expression<SqlBool>[] => {
  const conditions: Expression<SqlBool>[] = [];
  for (const [filter, column] of Object.entries(EQUAL)) {
    const value = filters[filter as keyof typeof EQUAL];
    if (value !== undefined) conditions.push(where(`node.${column}`, '=', value));
  }
  const present = (column: 'instance_uuid' | 'shard', isPresent: boolean | undefined): void => {
    if (isPresent !== undefined) {
      conditions.push(where(`node.${column}`, isPresent ? 'is not' : 'is', null));
    }
  };
  present('instance_uuid', filters.isAssociated);
  present('shard', filters.isSharded);
  if (filters.isInMaintenance !== undefined) {
    conditions.push(where('node.maintenance', '=', Number(filters.isInMaintenance)));
  }
  if (filters.isRetired !== undefined) {
    conditions.push(where('node.retired', '=', Number(filters.isRetired)));
  }
  if (filters.project !== undefined) conditions.push(isOfProject(filters.project));
  if (filters.shards !== undefined) conditions.push(where('node.shard', 'in', filters.shards));
  if (filters.descriptionContains !== undefined) {
    conditions.push(contains('node.description', filters.descriptionContains));
  }
  if (filters.withChildren !== true && filters.parentNode === undefined) {
    conditions.push(where('node.parent_node', 'is', null));
  }
  return conditions;
};

/** Substring, any case, on both engines alike. */
export const contains = (column: string, part: string): Expression<SqlBool> => {
  const pattern = `%${part.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`;
};
