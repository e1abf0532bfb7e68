// PATCH of a port group.

import type { Queryable } from '#store/database';
import type { PortgroupChanges } from '#store/portgroups';
import { listPortsOfPortgroup } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import { parsePatch } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';

import type { ApiParts } from '../api-parts.ts';
import { OPEN_STATES } from '../ports/port-rules.ts';
import { patchOwned, requireOwned } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { PORTGROUPS } from './portgroup-resource.ts';

export const patchPortgroupRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/portgroups/:ident',
  rule: 'baremetal:portgroup:update',
  asked: 'with-object',
  since: 'portgroups',
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(PORTGROUP, operations, request.minor);
    if (operations.some(({ op, path }) => op === 'remove' && path[0] === 'mode')) {
      throw new Refusal(400, "Schema error for patch: 'mode' is a required property");
    }
    const seen = await requireOwned(parts, request, PORTGROUPS, true);
    const portgroup = await patchOwned(
      parts,
      request,
      PORTGROUPS,
      seen,
      operations,
      async (queryable, node, { before, changes }) => {
        refuseClosed(node, before, changes, request.minor);
        await refuseMembers(queryable, before, changes);
      },
    );
    return sendResource(request, reply, PORTGROUPS, portgroup);
  },
});

/** Throws Refusal(409) for changes that the state of the node does not allow. */
const refuseClosed = (
  node: NodeRecord,
  portgroup: PortgroupRecord,
  changes: PortgroupChanges,
  minor: number,
): void => {
  const isInspected = node.provisionState === 'inspecting' && offers(minor, 'inspect-wait-state');
  const isMovable = node.maintenance || OPEN_STATES.has(node.provisionState);
  const isBound = attachedVif(portgroup) !== undefined;
  const isMoved = changes.nodeUuid !== undefined;
  if (!isInspected && !(isMoved && (!isMovable || isBound))) return;
  throw new Refusal(
    409,
    `Cannot update portgroup "${portgroup.uuid}" while node "${node.uuid}" is in state ` +
      `"${node.provisionState}"${isBound ? ' and a VIF is attached to the group' : ''}.`,
  );
};

/** What the members of a group are makes some changes of it impossible. */
const refuseMembers = async (
  queryable: Queryable,
  portgroup: PortgroupRecord,
  changes: PortgroupChanges,
): Promise<void> => {
  const isMoved = changes.nodeUuid !== undefined;
  if (!isMoved && changes.standalonePortsSupported !== false) return;
  const members = await listPortsOfPortgroup(queryable, portgroup.uuid);
  if (isMoved && members.length > 0) {
    throw new Refusal(
      409,
      `Portgroup ${portgroup.uuid} cannot move to another node while it has ports.`,
    );
  }
  const booting = members.find((member) => member.pxeEnabled);
  if (changes.standalonePortsSupported === false && booting !== undefined) {
    throw new Refusal(
      409,
      `Portgroup ${portgroup.uuid} must support standalone ports while port ${booting.uuid} has pxe_enabled true.`,
    );
  }
};
