// Ports by record: find, insert, update, delete. Lists, which never make records, are in port-list.ts.

import { type Selectable, sql } from 'kysely';

import { isoTime } from '#clock';

import type { PortRecord } from '@bessemer/protocol/port/record';
import { isUuid, type NodeUuid, type PortUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { withConflicts } from './errors.ts';
import type { PortTable } from './schema.ts';

export type PortChanges = Partial<Omit<PortRecord, 'id' | 'uuid' | 'createdAt'>>;
export type NewPort = Pick<PortRecord, 'uuid' | 'nodeUuid' | 'address'> &
  Partial<Omit<PortRecord, 'id'>>;

const COLUMNS = {
  uuid: ['uuid', 'text'],
  nodeUuid: ['node_uuid', 'text'],
  name: ['name', 'text'],
  address: ['address', 'text'],
  pxeEnabled: ['pxe_enabled', 'flag'],
  localLinkConnection: ['local_link_connection', 'json'],
  physicalNetwork: ['physical_network', 'text'],
  portgroupUuid: ['portgroup_uuid', 'text'],
  isSmartnic: ['is_smartnic', 'flag'],
  description: ['description', 'text'],
  vendor: ['vendor', 'text'],
  category: ['category', 'text'],
  extra: ['extra', 'json'],
  internalInfo: ['internal_info', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
} as const satisfies {
  readonly [property in Exclude<keyof PortRecord, 'id'>]: readonly [
    keyof PortTable,
    'text' | 'flag' | 'json',
  ];
};

const portOfRow = (row: Selectable<PortTable>): PortRecord => {
  const record: { [property: string]: unknown } = { id: row.id };
  for (const [property, [column, kind]] of Object.entries(COLUMNS)) {
    const value = row[column];
    if (kind === 'json') record[property] = JSON.parse(value as string);
    else record[property] = kind === 'flag' ? value === 1 : value;
  }
  return record as unknown as PortRecord;
};

const columnsOfPort = (changes: Partial<PortRecord>): { [column: string]: unknown } => {
  const columns: { [column: string]: unknown } = {};
  for (const [property, value] of Object.entries(changes)) {
    if (value === undefined || property === 'id') continue;
    const [column, kind] = COLUMNS[property as keyof typeof COLUMNS];
    if (kind === 'json') columns[column] = JSON.stringify(value);
    else columns[column] = kind === 'flag' ? Number(value) : value;
  }
  return columns;
};

/** By UUID, else by name. */
export const findPort = async (
  queryable: Queryable,
  ident: string,
): Promise<PortRecord | undefined> => {
  const row = await queryable
    .selectFrom('port')
    .selectAll()
    .where(isUuid(ident) ? 'uuid' : 'name', '=', isUuid(ident) ? ident.toLowerCase() : ident)
    .executeTakeFirst();
  return row === undefined ? undefined : portOfRow(row);
};

export const listPortsOfNode = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<readonly PortRecord[]> => {
  const rows = await queryable
    .selectFrom('port')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .orderBy('id')
    .execute();
  return rows.map(portOfRow);
};

/** `addresses` in lower case; ports of any node. */
export const listPortsByAddress = async (
  queryable: Queryable,
  addresses: readonly string[],
): Promise<readonly PortRecord[]> => {
  if (addresses.length === 0) return [];
  const rows = await queryable
    .selectFrom('port')
    .selectAll()
    .where('address', 'in', addresses)
    .orderBy('id')
    .execute();
  return rows.map(portOfRow);
};

/** Throws `Conflict` on `uuid`, `address` or `name`. */
export const insertPort = async (
  queryable: Queryable,
  port: NewPort,
  options: { readonly nowMs: number },
): Promise<PortRecord> => {
  const record = {
    pxeEnabled: true,
    isSmartnic: false,
    createdAt: isoTime(options.nowMs),
    ...port,
    address: port.address.toLowerCase(),
  };
  return withConflicts(async () => {
    const row = await queryable
      .insertInto('port')
      .values(columnsOfPort(record) as never)
      .returningAll()
      .executeTakeFirstOrThrow();
    return portOfRow(row);
  });
};

/** False when there is no such port or it had changed since `unchangedSince`. Throws `Conflict`. */
export const updatePort = async (
  queryable: Queryable,
  uuid: PortUuid,
  changes: PortChanges,
  options: { readonly unchangedSince?: string | null } = {},
): Promise<boolean> => {
  const columns = columnsOfPort(changes);
  if (Object.keys(columns).length === 0) return true;
  return withConflicts(async () => {
    let update = queryable
      .updateTable('port')
      .set(columns as never)
      .where('uuid', '=', uuid);
    if (options.unchangedSince !== undefined) {
      const since = options.unchangedSince;
      update = update.where(sql<boolean>`updated_at is not distinct from ${since}`);
    }
    const result = await update.executeTakeFirst();
    return result.numUpdatedRows > 0n;
  });
};

export const deletePort = async (queryable: Queryable, uuid: PortUuid): Promise<boolean> => {
  const result = await queryable.deleteFrom('port').where('uuid', '=', uuid).executeTakeFirst();
  return result.numDeletedRows > 0n;
};
