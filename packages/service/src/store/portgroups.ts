// Port groups: find, list, insert, update, delete.

import { sql, type SqlBool } from 'kysely';

import { DEFAULT_PORTGROUP_MODE } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { type NodeOwnedFilters, nodeOwnedConditions } from './node-owned.ts';
import type { PageRequest } from './paging.ts';
import { recordTable } from './record-table.ts';

export type PortgroupChanges = Partial<Omit<PortgroupRecord, 'id' | 'uuid' | 'createdAt'>>;
export type NewPortgroup = Pick<PortgroupRecord, 'uuid' | 'nodeUuid'> &
  Partial<Omit<PortgroupRecord, 'id'>>;

export type PortgroupFilters = NodeOwnedFilters & { readonly address?: string };

const portgroups = recordTable<PortgroupRecord>('portgroup', {
  uuid: ['uuid', 'text'],
  nodeUuid: ['node_uuid', 'text'],
  name: ['name', 'text'],
  address: ['address', 'text'],
  mode: ['mode', 'text'],
  properties: ['properties', 'json'],
  extra: ['extra', 'json'],
  internalInfo: ['internal_info', 'json'],
  standalonePortsSupported: ['standalone_ports_supported', 'flag'],
  physicalNetwork: ['physical_network', 'text'],
  category: ['category', 'text'],
  dynamicPortgroup: ['dynamic_portgroup', 'flag'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

const EMPTY_PORTGROUP = {
  name: null,
  address: null,
  mode: DEFAULT_PORTGROUP_MODE,
  properties: {},
  extra: {},
  internalInfo: {},
  standalonePortsSupported: true,
  physicalNetwork: null,
  category: null,
  dynamicPortgroup: false,
} as const;

/** By UUID, else by name. */
export const findPortgroup = portgroups.find;

/** One page. Throws `MarkerUnknown`. */
export const listPortgroups = (
  queryable: Queryable,
  filters: PortgroupFilters,
  page: PageRequest,
): Promise<readonly PortgroupRecord[]> => {
  const { visible, asked } = nodeOwnedConditions('portgroup', filters);
  const { address } = filters;
  const ofAddress = address === undefined ? [] : [sql<SqlBool>`portgroup.address = ${address}`];
  return portgroups.list(queryable, page, { visible, asked: [...asked, ...ofAddress] });
};

export const listPortgroupsOfNode = (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<readonly PortgroupRecord[]> =>
  portgroups.where(queryable, sql<SqlBool>`portgroup.node_uuid = ${nodeUuid}`);

/** Throws `Conflict` on `uuid`, `address` or `name`. */
export const insertPortgroup = (
  queryable: Queryable,
  portgroup: NewPortgroup,
  options: { readonly nowMs: number },
): Promise<PortgroupRecord> =>
  portgroups.insert(queryable, { ...EMPTY_PORTGROUP, ...portgroup }, options);

/** False when the group is not any more what `portgroup` was read as. Throws `Conflict`. */
export const updatePortgroup = (
  queryable: Queryable,
  portgroup: PortgroupRecord,
  changes: PortgroupChanges,
): Promise<boolean> => portgroups.update(queryable, portgroup, changes);

/** Call it only where the group is known to have no ports. */
export const deletePortgroup = portgroups.remove;
