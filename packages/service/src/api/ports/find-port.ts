// The port that a path names, and the refusals around ports.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { Conflict, isConflictOn } from '#store/errors';
import { findPort } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { PORT, type PortFieldName } from '@bessemer/protocol/port/fields';
import type { PortRecord } from '@bessemer/protocol/port/record';
import { fieldsAt } from '@bessemer/protocol/resource/fields';

import { requireOwningNode } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { findResource } from '../resource/find-resource.ts';
import { resourceText } from '../resource/resource-text.ts';
import { shownLink } from './link-connection.ts';

export const portMissing = (ident: string): Refusal =>
  new Refusal(404, `Port ${ident} could not be found.`);

/** By UUID, and by name where names are taken; a MAC address is no identity. Refuses by the rule of the route. */
export const requirePort = async (
  parts: ApiParts,
  request: FastifyRequest,
  hasNames: boolean = offers(request.minor, 'port-name'),
): Promise<{ readonly port: PortRecord; readonly node: NodeRecord }> => {
  const naming = { noun: 'port', hasNames, missing: portMissing };
  const port = await findResource(request, naming, (ident) => findPort(parts.store.db, ident));
  const missing = (): Refusal => portMissing(port.uuid);
  const node = await requireOwningNode(parts, request, port.nodeUuid, missing);
  return { port, node };
};

export const sendPort = (
  request: FastifyRequest,
  reply: FastifyReply,
  port: PortRecord,
  fields: readonly PortFieldName[] = fieldsAt(PORT, request.minor),
): FastifyReply =>
  reply
    .header('content-type', 'application/json')
    .send(resourceText(PORT, port, fields, request, shownLink));

export const refusePortConflict = (error: unknown, port: Partial<PortRecord>): never => {
  if (!(error instanceof Conflict)) throw error;
  if (isConflictOn(error, 'address')) {
    throw new Refusal(409, `A port with MAC address ${port.address} already exists.`);
  }
  if (isConflictOn(error, 'name')) {
    throw new Refusal(409, `A port with name ${port.name} already exists.`);
  }
  throw new Refusal(409, `A port with UUID ${port.uuid} already exists.`);
};
