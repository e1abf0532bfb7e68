// The node that a path names, or the API's 404.

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';
import { findNode } from '#store/nodes';
import { findNodeView, type NodeView } from '#store/node-views';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeFieldName } from '@bessemer/protocol/node/fields';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { isUuid } from '@bessemer/protocol/uuid';

import { ruleOfRoute } from '../access/authorize.ts';
import { authorizeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { resourceMissing } from '../error-envelope.ts';
import { wasSuffixCut } from '../request-context.ts';
import { shownView } from './shown-views.ts';

export const identOf = (request: FastifyRequest): string =>
  (request.params as { readonly ident?: string }).ident ?? '';

export const nodeMissing = (ident: string): Refusal =>
  new Refusal(404, `Node ${ident} could not be found.`);

/** Calls `find` with the ident of the path, and again with `.json` if that had been cut off. */
export const findByIdent = async <T>(
  request: FastifyRequest,
  find: (ident: string) => Promise<T | undefined>,
): Promise<T> => {
  const ident = identOf(request);
  if (!isUuid(ident) && !offers(request.minor, 'node-names')) throw resourceMissing();
  const found = await find(ident);
  if (found !== undefined) return found;
  const longer = wasSuffixCut(request) ? await find(`${ident}.json`) : undefined;
  if (longer === undefined) throw nodeMissing(ident);
  return longer;
};

/** Refuses by the rule of the route, or by `rule`: 404 for a node that the caller may not see, 403 for the rest. */
export const requireNode = async (
  parts: ApiParts,
  request: FastifyRequest,
  rule: RuleName = ruleOfRoute(request),
): Promise<NodeRecord> => {
  const node = await findByIdent(request, (ident) => findNode(parts.store.db, ident));
  await authorizeNode(parts, request, rule, node, () => nodeMissing(identOf(request)));
  return node;
};

/** The same for a node that is only shown: with what this caller gets to see of it. */
export const requireNodeView = async (
  parts: ApiParts,
  request: FastifyRequest,
  fields: readonly NodeFieldName[],
): Promise<NodeView> => {
  const view = await findByIdent(request, (ident) => findNodeView(parts.store.db, ident, fields));
  const missing = (): Refusal => nodeMissing(identOf(request));
  await authorizeNode(parts, request, ruleOfRoute(request), view, missing);
  return shownView(parts, request, fields, view);
};

export const nodeLocked = (node: NodeRecord): Refusal =>
  new Refusal(
    409,
    `Node ${node.uuid} is locked by host ${node.reservation}, please retry after the current operation is completed.`,
  );

export const refuseLocked = (node: NodeRecord): void => {
  if (node.reservation !== null) throw nodeLocked(node);
};
