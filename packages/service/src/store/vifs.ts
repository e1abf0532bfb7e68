// The network interfaces of tenants on the ports and port groups of a node. Kept in their internal_info, where clients
// look for them; call these with the node held.

import { attachedVif, VIF_KEY } from '@bessemer/protocol/port/attached-vif';
import type { PortRecord } from '@bessemer/protocol/port/record';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { listPortgroupsOfNode, updatePortgroup } from './portgroups.ts';
import { listPortsOfNode, updatePort } from './ports.ts';

export type VifHolder =
  | { readonly kind: 'port'; readonly record: PortRecord }
  | { readonly kind: 'portgroup'; readonly record: PortgroupRecord };

/** Everything on a node that can carry a VIF: ports first, each in the order of creation. */
export const listVifHolders = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<readonly VifHolder[]> => {
  const ports = await listPortsOfNode(queryable, nodeUuid);
  const portgroups = await listPortgroupsOfNode(queryable, nodeUuid);
  return [
    ...ports.map((record) => ({ kind: 'port', record }) as const),
    ...portgroups.map((record) => ({ kind: 'portgroup', record }) as const),
  ];
};

/** Undefined takes the VIF away. False when the holder had changed meanwhile. */
export const putVif = (
  queryable: Queryable,
  holder: VifHolder,
  vif: string | undefined,
  updatedAt: string,
): Promise<boolean> => {
  const { [VIF_KEY]: _before, ...others } = holder.record.internalInfo;
  const internalInfo = vif === undefined ? others : { ...others, [VIF_KEY]: vif };
  const changes = { internalInfo, updatedAt };
  return holder.kind === 'port'
    ? updatePort(queryable, holder.record, changes)
    : updatePortgroup(queryable, holder.record, changes);
};

/** For a node that is given back: nothing of its tenant stays on it. */
export const releaseVifs = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  updatedAt: string,
): Promise<void> => {
  for (const holder of await listVifHolders(queryable, nodeUuid)) {
    if (attachedVif(holder.record) === undefined) continue;
    await putVif(queryable, holder, undefined, updatedAt);
  }
};
