// Nodes by record: find, insert, update, delete. Lists, which never make records, are in node-list.ts.

import { CompiledQuery, sql } from 'kysely';

import { isoTime } from '#clock';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import { isUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { withConflicts } from './errors.ts';
import { columnsOfNode, columnValue, NODE_COLUMNS, nodeOfRow } from './node-row.ts';
import { onceBuilt } from './once-built.ts';

/** What may be changed after creation; `undefined` leaves a property as it is. */
export type NodeChanges = Partial<Omit<NodeRecord, 'id' | 'uuid' | 'createdAt'>>;

export type UpdateCondition = {
  /** Only if these properties still have these values (maps are compared as their stored text). */
  readonly where?: NodeChanges;
  /** Only if the node's lease still carries this fence. */
  readonly fence?: number;
};

export type NewNode = Pick<NodeRecord, 'uuid' | 'driver' | 'interfaces'> &
  Partial<Omit<NodeRecord, 'id'>>;

const nodesBy = (column: 'uuid' | 'name') =>
  onceBuilt((queryable, { ident }: { readonly ident: string }) =>
    queryable.selectFrom('node').selectAll().where(column, '=', ident),
  );

const nodesByUuid = nodesBy('uuid');
const nodesByName = nodesBy('name');

/** By UUID, else by name. */
export const findNode = async (
  queryable: Queryable,
  ident: string,
): Promise<NodeRecord | undefined> => {
  const [row] = isUuid(ident)
    ? (await nodesByUuid(queryable, { ident: ident.toLowerCase() })).rows
    : (await nodesByName(queryable, { ident })).rows;
  return row === undefined ? undefined : nodeOfRow(row);
};

export const findNodeByInstance = async (
  queryable: Queryable,
  instanceUuid: string,
): Promise<NodeRecord | undefined> => {
  const row = await queryable
    .selectFrom('node')
    .selectAll()
    .where('instance_uuid', '=', instanceUuid)
    .executeTakeFirst();
  return row === undefined ? undefined : nodeOfRow(row);
};

/** Also makes the node's lease row. Throws `Conflict` on `uuid`, `name` or `instance_uuid`. */
export const insertNode = async (
  queryable: Queryable,
  node: NewNode,
  options: { readonly nowMs: number },
): Promise<NodeRecord> => {
  const record: Omit<NodeRecord, 'id'> = {
    ...EMPTY_NODE,
    createdAt: isoTime(options.nowMs),
    ...node,
  };
  const columns = columnsOfNode(record);
  return withConflicts(async () => {
    const { rows } = await queryable.executeQuery<{ readonly id: number }>(
      CompiledQuery.raw(insertText(queryable, columns), Object.values(columns)),
    );
    await queryable
      .insertInto('lease')
      .values({ node_uuid: node.uuid, owner: null, fence: 0, until_ms: 0 })
      .execute();
    return { ...record, id: (rows[0] as { readonly id: number }).id };
  });
};

/** The text of the insert by engine: all columns are always given, in the same order, so it is built once. */
const INSERT_TEXTS = new Map<string, string>();

const insertText = (
  queryable: Queryable,
  columns: { readonly [column: string]: string | number | null },
): string => {
  const engine = queryable.getExecutor().adapter.constructor.name;
  const key = `${engine} ${Object.keys(columns).join()}`;
  const known = INSERT_TEXTS.get(key);
  if (known !== undefined) return known;
  const made = queryable
    .insertInto('node')
    .values(columns as never)
    .returning('id')
    .compile().sql;
  INSERT_TEXTS.set(key, made);
  return made;
};

/**
 * False when no row met the condition. Throws `Conflict` on `name` or `instance_uuid`. A node that loses its instance
 * loses the allocation that it came from: such a change belongs into a transaction.
 */
export const updateNode = async (
  queryable: Queryable,
  uuid: NodeUuid,
  changes: NodeChanges,
  condition: UpdateCondition = {},
): Promise<boolean> => {
  const isFreed = changes.instanceUuid === null;
  const columns = columnsOfNode(isFreed ? { ...changes, allocationUuid: null } : changes);
  if (Object.keys(columns).length === 0) return true;
  return withConflicts(async () => {
    let update = queryable
      .updateTable('node')
      .set(columns as never)
      .where('uuid', '=', uuid);
    for (const [property, value] of Object.entries(condition.where ?? {})) {
      if (value === undefined) continue;
      const [column, kind] = NODE_COLUMNS[property as keyof NodeChanges];
      update = update.where(
        sql<boolean>`${sql.ref(column)} is not distinct from ${columnValue(kind, value)}`,
      );
    }
    if (condition.fence !== undefined) {
      const { fence } = condition;
      update = update.where((where) =>
        where.exists(
          where
            .selectFrom('lease')
            .select('node_uuid')
            .where('node_uuid', '=', uuid)
            .where('fence', '=', fence),
        ),
      );
    }
    const result = await update.executeTakeFirst();
    const isUpdated = result.numUpdatedRows > 0n;
    if (isUpdated && isFreed) {
      await queryable.deleteFrom('allocation').where('node_uuid', '=', uuid).execute();
    }
    return isUpdated;
  });
};

export const CHILD_TABLES = [
  'port',
  'portgroup',
  'lease',
  'journal',
  'workflow',
  'boot_medium',
  'network_boot',
  'agent_session',
  'history',
  'inventory',
  'erasure',
  'bios_setting',
  'firmware_component',
  'allocation',
  'volume_connector',
  'volume_target',
] as const;

/** The node and everything kept about it. False when it had changed from `condition` meanwhile. */
export const deleteNode = async (
  queryable: Queryable,
  uuid: NodeUuid,
  condition: Pick<NodeRecord, 'provisionState' | 'instanceUuid' | 'maintenance' | 'reservation'>,
): Promise<boolean> => {
  const result = await queryable
    .deleteFrom('node')
    .where('uuid', '=', uuid)
    .where('provision_state', '=', condition.provisionState)
    .where('maintenance', '=', Number(condition.maintenance))
    .where(sql<boolean>`instance_uuid is not distinct from ${condition.instanceUuid}`)
    .where(sql<boolean>`reservation is not distinct from ${condition.reservation}`)
    .executeTakeFirst();
  if (result.numDeletedRows === 0n) return false;
  for (const table of CHILD_TABLES) {
    await queryable.deleteFrom(table).where('node_uuid', '=', uuid).execute();
  }
  return true;
};

/** Every property but those that each node brings, in the order of the table. */
const EMPTY_NODE = {
  name: null,
  instanceUuid: null,
  instanceName: null,
  driverInfo: {},
  driverSecrets: null,
  instanceInfo: {},
  properties: {},
  extra: {},
  driverInternalInfo: {},
  networkData: {},
  provisionState: 'enroll',
  targetProvisionState: null,
  provisionUpdatedAt: null,
  powerState: null,
  targetPowerState: null,
  lastError: null,
  maintenance: false,
  maintenanceReason: null,
  fault: null,
  reservation: null,
  cleanStep: {},
  deployStep: {},
  serviceStep: {},
  raidConfig: {},
  targetRaidConfig: {},
  bootMode: null,
  secureBoot: null,
  automatedClean: null,
  resourceClass: null,
  conductorGroup: '',
  conductor: null,
  chassisUuid: null,
  parentNode: null,
  owner: null,
  lessee: null,
  shard: null,
  description: null,
  protected: false,
  protectedReason: null,
  retired: false,
  retiredReason: null,
  consoleEnabled: false,
  disablePowerOff: false,
  health: null,
  inspectionStartedAt: null,
  inspectionFinishedAt: null,
  traits: [],
  allocationUuid: null,
  updatedAt: null,
} as const satisfies Omit<NodeRecord, 'id' | 'uuid' | 'driver' | 'interfaces' | 'createdAt'>;
