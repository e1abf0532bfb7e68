// The port group that a path names, and the refusals around port groups.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { Conflict, isConflictOn } from '#store/errors';
import { findPortgroup } from '#store/portgroups';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { PORTGROUP, type PortgroupFieldName } from '@bessemer/protocol/portgroup/fields';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import { fieldsAt } from '@bessemer/protocol/resource/fields';

import { requireOwningNode } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { findResource } from '../resource/find-resource.ts';
import { resourceText } from '../resource/resource-text.ts';

export const portgroupMissing = (ident: string): Refusal =>
  new Refusal(404, `Portgroup ${ident} could not be found.`);

const NAMING = { noun: 'portgroup', hasNames: true, missing: portgroupMissing };

/** By UUID or name. Refuses by the rule of the route. */
export const requirePortgroup = async (
  parts: ApiParts,
  request: FastifyRequest,
): Promise<{ readonly portgroup: PortgroupRecord; readonly node: NodeRecord }> => {
  const portgroup = await findResource(request, NAMING, (ident) =>
    findPortgroup(parts.store.db, ident),
  );
  const missing = (): Refusal => portgroupMissing(portgroup.uuid);
  const node = await requireOwningNode(parts, request, portgroup.nodeUuid, missing);
  return { portgroup, node };
};

export const sendPortgroup = (
  request: FastifyRequest,
  reply: FastifyReply,
  portgroup: PortgroupRecord,
  fields: readonly PortgroupFieldName[] = fieldsAt(PORTGROUP, request.minor),
): FastifyReply =>
  reply
    .header('content-type', 'application/json')
    .send(resourceText(PORTGROUP, portgroup, fields, request));

export const refusePortgroupConflict = (
  error: unknown,
  portgroup: Partial<PortgroupRecord>,
): never => {
  if (!(error instanceof Conflict)) throw error;
  if (isConflictOn(error, 'address')) {
    throw new Refusal(409, `A portgroup with MAC address ${portgroup.address} already exists.`);
  }
  if (isConflictOn(error, 'name')) {
    throw new Refusal(409, `A portgroup with name ${portgroup.name} already exists.`);
  }
  throw new Refusal(409, `A portgroup with UUID ${portgroup.uuid} already exists.`);
};
