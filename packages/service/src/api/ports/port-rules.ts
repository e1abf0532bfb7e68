// When a port may become what a request wants it to be. Called with the node held, so that what was looked at stays.

import type { Queryable } from '#store/database';
import { findPortgroup } from '#store/portgroups';
import { listPortsOfPortgroup } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import type { PortRecord } from '@bessemer/protocol/port/record';

import { requireSmartNic } from './link-connection.ts';

type Wired = Pick<
  PortRecord,
  | 'uuid'
  | 'nodeUuid'
  | 'portgroupUuid'
  | 'physicalNetwork'
  | 'pxeEnabled'
  | 'isSmartnic'
  | 'localLinkConnection'
>;

/** States in which the cables of a node may be described anew. */
export const OPEN_STATES: ReadonlySet<string> = new Set([
  'enroll',
  'inspecting',
  'inspect wait',
  'manageable',
]);

/** Throws Refusal(400) or (409) for a port that does not fit its card or its group. */
export const refuseUnfit = async (
  queryable: Queryable,
  port: Wired,
  before?: Wired,
): Promise<void> => {
  requireSmartNic(port.isSmartnic, port.localLinkConnection);
  if (port.portgroupUuid === null) return;
  const portgroup = await findPortgroup(queryable, port.portgroupUuid);
  if (portgroup === undefined || portgroup.nodeUuid !== port.nodeUuid) {
    throw new Refusal(
      400,
      `Portgroup ${port.portgroupUuid} could not be found on node ${port.nodeUuid}.`,
    );
  }
  const isNewMember = before?.portgroupUuid !== port.portgroupUuid;
  const isBooting = port.pxeEnabled && (isNewMember || !before.pxeEnabled);
  if (isBooting && !portgroup.standalonePortsSupported) {
    throw new Refusal(
      409,
      `Port group ${portgroup.uuid} doesn't support standalone ports. Port ${port.uuid} can only be ` +
        'a member of it with pxe_enabled false.',
    );
  }
  if (isNewMember || before.physicalNetwork !== port.physicalNetwork) {
    await refuseOtherNetwork(queryable, port, portgroup.uuid);
  }
};

const refuseOtherNetwork = async (
  queryable: Queryable,
  port: Wired,
  portgroupUuid: string,
): Promise<void> => {
  const members = await listPortsOfPortgroup(queryable, portgroupUuid);
  const networks = members
    .filter((member) => member.uuid !== port.uuid)
    .map((member) => member.physicalNetwork);
  if (networks.length === 0 || networks.includes(port.physicalNetwork)) return;
  throw new Refusal(
    409,
    `Port with physical network ${port.physicalNetwork} cannot become a member of port group ` +
      `${portgroupUuid} which has ports in physical network ${networks[0]}.`,
  );
};

const WIRING = ['pxeEnabled', 'portgroupUuid', 'localLinkConnection', 'physicalNetwork'] as const;

/** Throws Refusal(409) for changes that the state of the node does not allow. */
export const refuseClosedPort = (
  node: NodeRecord,
  port: PortRecord,
  changes: Partial<PortRecord>,
  minor: number,
): void => {
  if (node.provisionState === 'inspecting' && offers(minor, 'inspect-wait-state')) {
    throw closed(port, node);
  }
  const vif = attachedVif(port);
  if (changes.nodeUuid !== undefined && vif !== undefined) throw bound(port, vif);
  if (node.maintenance) return;
  const isInUse = node.provisionState === 'active' || node.instanceUuid !== null;
  if (changes.address !== undefined && isInUse) throw closed(port, node);
  const isRewired = WIRING.some((property) => changes[property] !== undefined);
  if (isRewired && !OPEN_STATES.has(node.provisionState)) throw closed(port, node);
};

const closed = (port: PortRecord, node: NodeRecord): Refusal =>
  new Refusal(
    409,
    `Cannot update port "${port.uuid}" while node "${node.uuid}" is in state "${node.provisionState}".`,
  );

/** A VIF is a promise to a tenant: it is detached before its port goes away. */
export const bound = (port: PortRecord, vif: string): Refusal =>
  new Refusal(409, `Port ${port.uuid} is bound to VIF ${vif}: detach it first.`);
