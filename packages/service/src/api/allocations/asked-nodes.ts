// The nodes that a new allocation names: those that the caller may not see are as unknown as those that do not exist.

import type { FastifyRequest } from 'fastify';

import { findNamedNodes, type NamedNode } from '#store/candidates';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { maySeeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { shown } from '../query.ts';

export const nodeUnknown = (ident: string): Refusal =>
  new Refusal(400, `Node ${shown(ident)} could not be found.`);

/** UUIDs for names and UUIDs, in the same order. Throws Refusal(400). */
export const askedNodes = async (
  parts: ApiParts,
  request: FastifyRequest,
  idents: readonly string[],
): Promise<readonly string[]> => {
  const found = new Map<string, NamedNode>();
  for (const node of await findNamedNodes(parts.store.db, idents)) {
    if (node.name !== null) found.set(node.name, node);
    found.set(node.uuid, node);
  }
  const uuids = new Set<string>();
  for (const ident of idents) {
    const node = found.get(ident) ?? found.get(ident.toLowerCase());
    if (node === undefined || !(await maySeeNode(parts, request, node))) throw nodeUnknown(ident);
    uuids.add(node.uuid);
  }
  return [...uuids];
};
