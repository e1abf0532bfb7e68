// POST and DELETE of ports.

import { randomUUID } from 'node:crypto';

import { deletePort, findPort, insertPort, type NewPort } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import { PORT } from '@bessemer/protocol/port/fields';
import type { PortRecord } from '@bessemer/protocol/port/record';
import { asPortUuid, type NodeUuid, type PortUuid } from '@bessemer/protocol/uuid';

import { requireNodeForNew } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asText, requireObjectBody, shown } from '../query.ts';
import { ownedMissing, requireOwned, withNodeHeld } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { refuseTaken } from '../resource/record-conflict.ts';
import { readNew, schemaError } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { readLink } from './link-connection.ts';
import { PORTS } from './port-resource.ts';
import { bound, refuseUnfit } from './port-rules.ts';

export const createPortRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/ports',
  rule: 'baremetal:port:create',
  asked: 'with-object',
  handle: async (request, reply) => {
    const { minor } = request;
    const { body, ident } = withNode(requireObjectBody(request), minor);
    const values = readNew({ table: PORT, minor, readSpecial: readLink }, body);
    const node = await requireNodeForNew(parts, request, ident);
    const port: NewPort = {
      ...(values as unknown as Partial<PortRecord>),
      uuid: (values['uuid'] ?? asPortUuid(randomUUID())) as PortUuid,
      nodeUuid: node.uuid,
      address: values['address'] as string,
    };
    const missing = (): Refusal => new Refusal(400, `Node ${shown(ident)} could not be found.`);
    const made = await withNodeHeld(parts, node.uuid, missing, async (transaction) => {
      await refuseUnfit(transaction, {
        pxeEnabled: true,
        isSmartnic: false,
        localLinkConnection: {},
        physicalNetwork: null,
        portgroupUuid: null,
        ...port,
      });
      return insertPort(transaction, port, { nowMs: parts.clock.wallMs() });
    }).catch((error: unknown) => refuseTaken(error, PORT.noun, port));
    reply.code(201).header('location', `${request.base}/v1/ports/${made.uuid}`);
    return sendResource(request, reply, PORTS, made);
  },
});

/** Exactly one of `node_uuid` and, where it is taken, `node_ident`, which may be a name. */
const withNode = (
  given: JsonObject,
  minor: number,
): { readonly body: JsonObject; readonly ident: string } => {
  const { node_ident: nodeIdent, ...body } = given;
  if (nodeIdent === undefined) {
    return { body, ident: asText('node_uuid', body['node_uuid']) ?? '' };
  }
  if (!offers(minor, 'port-node-ident')) throw notAcceptable();
  if (body['node_uuid'] !== undefined) {
    throw schemaError(PORT, "exactly one of 'node_uuid' and 'node_ident' is needed");
  }
  const ident = asText('node_ident', nodeIdent) ?? '';
  // Only the node that it names has a UUID; the table's rule that there is one is met by it.
  return { body: { ...body, node_uuid: NO_NODE }, ident };
};

const NO_NODE = '00000000-0000-0000-0000-000000000000' as NodeUuid;

export const deletePortRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/ports/:ident',
  rule: 'baremetal:port:delete',
  asked: 'with-object',
  handle: async (request, reply) => {
    const { record: seen } = await requireOwned(parts, request, PORTS, false);
    const missing = (): Refusal => ownedMissing(PORT, seen.uuid);
    await withNodeHeld(parts, seen.nodeUuid, missing, async (transaction, node) => {
      const port = await findPort(transaction, seen.uuid);
      if (port?.nodeUuid !== node.uuid) throw missing();
      const vif = attachedVif(port);
      if (vif !== undefined && !node.maintenance) throw bound(port, vif);
      await deletePort(transaction, port.uuid);
    });
    return reply.code(204).send();
  },
});
