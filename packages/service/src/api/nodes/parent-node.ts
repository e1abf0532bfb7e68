// The parent that a node is given. Who may not see a node must not learn from here that it exists, and nodes of
// different owners are not tied to each other: all of these are one and the same refusal.

import type { FastifyRequest } from 'fastify';

import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { maySeeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';

/** A parent may be named; it is kept by UUID. Throws Refusal(400). */
export const requireParent = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string | null | undefined,
  owner: string | null,
  child?: string,
): Promise<{ readonly parentNode?: string }> => {
  if (ident === null || ident === undefined) return {};
  const parent = await findNode(parts.store.db, ident);
  const isFit =
    parent !== undefined &&
    parent.uuid !== child &&
    (await maySeeNode(parts, request, parent)) &&
    parent.owner === owner;
  if (isFit) return { parentNode: parent.uuid };
  throw new Refusal(400, 'Unable to apply the requested parent_node. Requested value was invalid.');
};
