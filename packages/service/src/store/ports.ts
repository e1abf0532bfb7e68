// Ports: find, list, insert, update, delete.

import { sql, type SqlBool } from 'kysely';

import type { PortRecord } from '@bessemer/protocol/port/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { type NodeOwnedFilters, nodeOwnedConditions } from './node-owned.ts';
import { contains } from './node-views.ts';
import type { PageRequest } from './paging.ts';
import { type ListConditions, recordTable } from './record-table.ts';

export type PortChanges = Partial<Omit<PortRecord, 'id' | 'uuid' | 'createdAt'>>;
export type NewPort = Pick<PortRecord, 'uuid' | 'nodeUuid' | 'address'> &
  Partial<Omit<PortRecord, 'id'>>;

export type PortFilters = NodeOwnedFilters & {
  readonly address?: string;
  readonly portgroupUuid?: string;
  readonly descriptionContains?: string;
};

const ports = recordTable<PortRecord>('port', {
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
  availableForDynamicPortgroup: ['available_for_dynamic_portgroup', 'flag'],
  extra: ['extra', 'json'],
  internalInfo: ['internal_info', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

const EMPTY_PORT = {
  name: null,
  pxeEnabled: true,
  localLinkConnection: {},
  physicalNetwork: null,
  portgroupUuid: null,
  isSmartnic: false,
  description: null,
  vendor: null,
  category: null,
  availableForDynamicPortgroup: true,
  extra: {},
  internalInfo: {},
} as const;

/** By UUID, else by name. */
export const findPort = ports.find;

/** One page. Throws `MarkerUnknown`. */
export const listPorts = (
  queryable: Queryable,
  filters: PortFilters,
  page: PageRequest,
): Promise<readonly PortRecord[]> => ports.list(queryable, page, conditionsOf(filters));

const conditionsOf = (filters: PortFilters): ListConditions => {
  const ofNode = nodeOwnedConditions('port', filters);
  const asked = [...ofNode.asked];
  const visible = [...ofNode.visible];
  if (filters.address !== undefined) {
    asked.push(sql<SqlBool>`port.address = ${filters.address}`);
  }
  if (filters.portgroupUuid !== undefined) {
    visible.push(sql<SqlBool>`port.portgroup_uuid = ${filters.portgroupUuid}`);
  }
  if (filters.descriptionContains !== undefined) {
    asked.push(contains('port.description', filters.descriptionContains));
  }
  return { visible, asked };
};

export const listPortsOfNode = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<readonly PortRecord[]> =>
  ports.where(queryable, sql<SqlBool>`port.node_uuid = ${nodeUuid}`);

export const listPortsOfPortgroup = (
  queryable: Queryable,
  portgroupUuid: string,
): Promise<readonly PortRecord[]> =>
  ports.where(queryable, sql<SqlBool>`port.portgroup_uuid = ${portgroupUuid}`);

/** `addresses` in lower case; ports of any node. */
export const listPortsByAddress = async (
  queryable: Queryable,
  addresses: readonly string[],
): Promise<readonly PortRecord[]> => {
  if (addresses.length === 0) return [];
  return ports.where(queryable, sql<SqlBool>`port.address in (${sql.join(addresses)})`);
};

/** Throws `Conflict` on `uuid`, `address` or `name`. */
export const insertPort = (
  queryable: Queryable,
  port: NewPort,
  options: { readonly nowMs: number },
): Promise<PortRecord> =>
  ports.insert(queryable, { ...EMPTY_PORT, ...port, address: port.address.toLowerCase() }, options);

/** False when the port is not any more what `port` was read as. Throws `Conflict`. */
export const updatePort = (
  queryable: Queryable,
  port: PortRecord,
  changes: PortChanges,
): Promise<boolean> => ports.update(queryable, port, changes);

export const deletePort = ports.remove;
