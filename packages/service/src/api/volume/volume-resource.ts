// Volume connectors and targets as what belongs to a node, for those who find, show and change them.

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { type OwnedResource, requireOwned } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { refuseVolumeTaken, type VolumeKind, type VolumeRecord } from './volume-kind.ts';

export const ownedVolume = <Name extends string, R extends VolumeRecord>(
  kind: VolumeKind<Name, R>,
): OwnedResource<Name, R> => ({
  table: kind.table,
  readSpecial: kind.readSpecial,
  find: kind.store.find,
  update: (queryable, record, changes) =>
    kind.store
      .update(queryable, record, changes)
      .catch((error: unknown) => refuseVolumeTaken(kind, error, { ...record, ...changes })),
});

/** By UUID; they have no names. Refuses by the rule of the route. */
export const requireVolume = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  request: FastifyRequest,
  kind: VolumeKind<Name, R>,
): Promise<{ readonly record: R; readonly node: NodeRecord }> =>
  requireOwned(parts, request, ownedVolume(kind), false);

export const sendVolume = async <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: VolumeKind<Name, R>,
  record: R,
  fields?: readonly Name[],
): Promise<FastifyReply> => {
  const showSpecial = await kind.showSpecialTo(parts, request);
  return sendResource(request, reply, { ...ownedVolume(kind), showSpecial }, record, fields);
};
