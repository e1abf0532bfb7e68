// Objects that belong to a node (ports, port groups, volumes) are judged by that node: who may not see it, does not see
// them; and they are made on, or moved to, no node that the caller may not touch.

import type { FastifyRequest } from 'fastify';

import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { isUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { authorize, may, ruleOfRoute } from './authorize.ts';
import { authorizeNode, maySeeNode, nodeTarget } from './node-access.ts';

/** The node of an object, by the rule of the route; `missing` is thrown when the caller may not see it. */
export const requireOwningNode = async (
  parts: ApiParts,
  request: FastifyRequest,
  nodeUuid: string,
  missing: () => Error,
): Promise<NodeRecord> => {
  const node = await findNode(parts.store.db, nodeUuid);
  if (node === undefined) throw missing();
  await authorizeNode(parts, request, ruleOfRoute(request), node, missing);
  return node;
};

/** The node that a new object is for: the rule is judged first (403), and only then whether there is one (400). */
export const requireNodeForNew = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string,
  missing: (ident: string) => Refusal = nodeOfBodyMissing,
): Promise<NodeRecord> => {
  const node = await findNode(parts.store.db, ident);
  const rule = ruleOfRoute(request);
  await authorize(parts, request, rule, node === undefined ? undefined : nodeTarget(node));
  if (node !== undefined && (await maySeeNode(parts, request, node))) return node;
  throw missing(ident);
};

const nodeOfBodyMissing = (ident: string): Refusal =>
  new Refusal(400, `Node ${ident.slice(0, 255)} could not be found.`);

/** Refuses to move an object to a node that the caller may not touch or that is somebody else's: one text for all. */
export const requireNodeForMove = async (
  parts: ApiParts,
  request: FastifyRequest,
  from: NodeRecord,
  toUuid: string,
): Promise<void> => {
  const to = await findNode(parts.store.db, toUuid);
  const isAllowed =
    to !== undefined &&
    to.owner === from.owner &&
    (await maySeeNode(parts, request, to)) &&
    (await may(parts, request, ruleOfRoute(request), nodeTarget(to)));
  if (isAllowed) return;
  throw new Refusal(
    400,
    `Node ${toUuid} could not be found, or has another owner than node ${from.uuid}.`,
  );
};

/** The node that a list is asked for by `node=`: what the caller may not see is not there. */
export const requireNodeOfList = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string,
): Promise<NodeRecord> => {
  if (!isUuid(ident) && !offers(request.minor, 'node-names')) throw notAcceptable();
  const node = await findNode(parts.store.db, ident);
  if (node !== undefined && (await maySeeNode(parts, request, node))) return node;
  throw new Refusal(404, `Node ${ident.slice(0, 255)} could not be found.`);
};
