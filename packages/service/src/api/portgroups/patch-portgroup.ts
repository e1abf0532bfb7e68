// PATCH of a port group, applied while its node is held, like that of a port.

import { isoTime } from '#clock';
import type { Queryable } from '#store/database';
import { holdNode } from '#store/held-node';
import { findPortgroup, type PortgroupChanges, updatePortgroup } from '#store/portgroups';
import { listPortsOfPortgroup } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import { parsePatch } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';

import { requireNodeForMove } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { refuseLocked } from '../nodes/find-node.ts';
import { OPEN_STATES } from '../ports/port-rules.ts';
import { readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import {
  portgroupMissing,
  refusePortgroupConflict,
  requirePortgroup,
  sendPortgroup,
} from './find-portgroup.ts';

export const patchPortgroupRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/portgroups/:ident',
  rule: 'baremetal:portgroup:update',
  asked: 'with-object',
  since: 'portgroups',
  handle: async (request, reply) => {
    const { minor } = request;
    const operations = parsePatch(request.body);
    refuseUnpatchable(PORTGROUP, operations, minor);
    if (operations.some(({ op, path }) => op === 'remove' && path[0] === 'mode')) {
      throw new Refusal(400, "Schema error for patch: 'mode' is a required property");
    }
    const reading = { table: PORTGROUP, minor };
    const { portgroup: seen, node } = await requirePortgroup(parts, request);
    const asked = readPatched(reading, seen, operations) as PortgroupChanges;
    if (asked.nodeUuid !== undefined) {
      await requireNodeForMove(parts, request, node, asked.nodeUuid);
    }

    let changes: PortgroupChanges = {};
    const patched = await parts.store
      .transaction(async (transaction): Promise<PortgroupRecord> => {
        const held = await holdNode(transaction, node.uuid);
        const portgroup = await findPortgroup(transaction, seen.uuid);
        if (held === undefined || portgroup === undefined) throw portgroupMissing(seen.uuid);
        changes = readPatched(reading, portgroup, operations) as PortgroupChanges;
        if (Object.keys(changes).length === 0) return portgroup;
        const isAsAuthorized =
          portgroup.nodeUuid === node.uuid && changes.nodeUuid === asked.nodeUuid;
        if (!isAsAuthorized) throw changedMeanwhile(portgroup);
        refuseClosed(held, portgroup, changes, minor);
        await refuseMembers(transaction, portgroup, changes);
        if (changes.nodeUuid !== undefined) {
          const target = await holdNode(transaction, changes.nodeUuid);
          if (target === undefined || target.owner !== held.owner)
            throw changedMeanwhile(portgroup);
          refuseLocked(target);
        }
        const all = { ...changes, updatedAt: isoTime(parts.clock.wallMs()) };
        if (!(await updatePortgroup(transaction, portgroup, all))) {
          throw changedMeanwhile(portgroup);
        }
        return { ...portgroup, ...all };
      })
      .catch((error: unknown) => refusePortgroupConflict(error, { ...seen, ...changes }));
    return sendPortgroup(request, reply, patched);
  },
});

const changedMeanwhile = ({ uuid }: PortgroupRecord): Refusal =>
  new Refusal(409, `Portgroup ${uuid} was changed by another request meanwhile, please retry.`);

const refuseClosed = (
  node: NodeRecord,
  portgroup: PortgroupRecord,
  changes: PortgroupChanges,
  minor: number,
): void => {
  refuseLocked(node);
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
