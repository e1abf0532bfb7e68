// POST and DELETE of port groups.

import { randomUUID } from 'node:crypto';

import { holdNode } from '#store/held-node';
import { deletePortgroup, insertPortgroup, type NewPortgroup } from '#store/portgroups';
import { listPortsOfPortgroup } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import { asPortgroupUuid, type PortgroupUuid } from '@bessemer/protocol/uuid';

import { requireNodeForNew } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { refuseLocked } from '../nodes/find-node.ts';
import { requireObjectBody } from '../query.ts';
import { readNew } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import {
  portgroupMissing,
  refusePortgroupConflict,
  requirePortgroup,
  sendPortgroup,
} from './find-portgroup.ts';

export const createPortgroupRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/portgroups',
  rule: 'baremetal:portgroup:create',
  asked: 'with-object',
  since: 'portgroups',
  handle: async (request, reply) => {
    const reading = { table: PORTGROUP, minor: request.minor };
    const values = readNew(reading, requireObjectBody(request));
    const node = await requireNodeForNew(parts, request, values['nodeUuid'] as string);
    const portgroup: NewPortgroup = {
      ...(values as unknown as Partial<PortgroupRecord>),
      uuid: (values['uuid'] ?? asPortgroupUuid(randomUUID())) as PortgroupUuid,
      nodeUuid: node.uuid,
    };
    const made = await parts.store
      .transaction(async (transaction) => {
        const held = await holdNode(transaction, node.uuid);
        if (held === undefined) throw new Refusal(400, `Node ${node.uuid} could not be found.`);
        refuseLocked(held);
        return insertPortgroup(transaction, portgroup, { nowMs: parts.clock.wallMs() });
      })
      .catch((error: unknown) => refusePortgroupConflict(error, portgroup));
    reply.code(201).header('location', `${request.base}/v1/portgroups/${made.uuid}`);
    return sendPortgroup(request, reply, made);
  },
});

export const deletePortgroupRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/portgroups/:ident',
  rule: 'baremetal:portgroup:delete',
  asked: 'with-object',
  since: 'portgroups',
  handle: async (request, reply) => {
    const { portgroup } = await requirePortgroup(parts, request);
    await parts.store.transaction(async (transaction) => {
      // Ports join groups only while their node is held: an empty group stays empty until it is gone.
      const node = await holdNode(transaction, portgroup.nodeUuid);
      if (node === undefined) throw portgroupMissing(portgroup.uuid);
      refuseLocked(node);
      if ((await listPortsOfPortgroup(transaction, portgroup.uuid)).length > 0) {
        throw new Refusal(
          400,
          `Cannot complete the requested action because portgroup ${portgroup.uuid} contains ports.`,
        );
      }
      const isDeleted = await deletePortgroup(transaction, portgroup.uuid);
      if (!isDeleted) throw portgroupMissing(portgroup.uuid);
    });
    return reply.code(204).send();
  },
});
