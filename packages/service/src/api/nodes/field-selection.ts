// Which keys a reply has: `fields=`, `detail=`, or the defaults, with the version checks that go with them.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import {
  isNodeField,
  isNodeLinkField,
  type NodeFieldName,
  nodeFieldSince,
} from '@bessemer/protocol/node/fields';

import { notAcceptable } from '../error-envelope.ts';
import { asList, requireFeature } from '../query.ts';

/** Clients repeat the same few selections; each keeps its compiled writer. */
const SELECTIONS_MAX = 500;
const SELECTIONS = new Map<string, readonly NodeFieldName[]>();

/** Undefined when `text` is. Throws 400 for unknown names, 406 for names newer than the version. */
export const selectedFields = (
  request: FastifyRequest,
  text: string | undefined,
): readonly NodeFieldName[] | undefined => {
  if (text === undefined) return undefined;
  requireFeature(request, 'fields-query');
  const names = (asList(text) ?? []).map((name) => requireField(request, name));
  const all = names.includes('links') ? names : [...names, 'links' as const];
  const key = all.join();
  const known = SELECTIONS.get(key);
  if (known !== undefined) return known;
  if (SELECTIONS.size >= SELECTIONS_MAX) SELECTIONS.clear();
  SELECTIONS.set(key, all);
  return all;
};

const requireField = (request: FastifyRequest, name: string): NodeFieldName => {
  const isKnown = isNodeField(name) && (name === 'links' || !isNodeLinkField(name));
  if (!isKnown) {
    throw new Refusal(400, `Field ${name.slice(0, 100)} is not a valid field.`);
  }
  if (nodeFieldSince(name) > request.minor) throw notAcceptable();
  return name;
};
