// POST and DELETE of port groups.

import { randomUUID } from 'node:crypto';

import {
  deletePortgroup,
  findPortgroup,
  insertPortgroup,
  type NewPortgroup,
} from '#store/portgroups';
import { listPortsOfPortgroup } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import { asPortgroupUuid, type PortgroupUuid } from '@bessemer/protocol/uuid';

import { requireNodeForNew } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody } from '../query.ts';
import { ownedMissing, requireOwned, withNodeHeld } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { refuseTaken } from '../resource/record-conflict.ts';
import { readNew } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { PORTGROUPS } from './portgroup-resource.ts';

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
    const missing = (): Refusal => new Refusal(400, `Node ${node.uuid} could not be found.`);
    const made = await withNodeHeld(parts, node.uuid, missing, (transaction) =>
      insertPortgroup(transaction, portgroup, { nowMs: parts.clock.wallMs() }),
    ).catch((error: unknown) => refuseTaken(error, PORTGROUP.noun, portgroup));
    reply.code(201).header('location', `${request.base}/v1/portgroups/${made.uuid}`);
    return sendResource(request, reply, PORTGROUPS, made);
  },
});

export const deletePortgroupRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/portgroups/:ident',
  rule: 'baremetal:portgroup:delete',
  asked: 'with-object',
  since: 'portgroups',
  handle: async (request, reply) => {
    const { record } = await requireOwned(parts, request, PORTGROUPS, true);
    const missing = (): Refusal => ownedMissing(PORTGROUP, record.uuid);
    // Ports join groups only while their node is held: an empty group stays empty until it is gone.
    await withNodeHeld(parts, record.nodeUuid, missing, async (transaction, node) => {
      const portgroup = await findPortgroup(transaction, record.uuid);
      if (portgroup?.nodeUuid !== node.uuid) throw missing();
      if ((await listPortsOfPortgroup(transaction, record.uuid)).length > 0) {
        throw new Refusal(
          400,
          `Cannot complete the requested action because portgroup ${record.uuid} contains ports.`,
        );
      }
      await deletePortgroup(transaction, record.uuid);
    });
    return reply.code(204).send();
  },
});
