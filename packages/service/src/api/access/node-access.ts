// The 403/404 rule: what a caller may not see does not exist for them; what they see and may not touch is refused.

import type { FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';
import type { RuleName } from '#policy/rules';

import { authorize, may, type PolicyParts } from './authorize.ts';

export type NodeOwners = { readonly owner: string | null; readonly lessee: string | null };

/** What a node brings into a rule. */
export const nodeTarget = (node: NodeOwners): PolicyTarget => ({
  'node.owner': node.owner,
  'node.lessee': node.lessee,
});

export const maySeeNode = (
  parts: PolicyParts,
  request: FastifyRequest,
  node: NodeOwners,
): boolean | Promise<boolean> => may(parts, request, 'baremetal:node:get', nodeTarget(node));

/** Throws `missing` for a node that the caller may not see, else Refusal(403) when they may not do `rule`. */
export const authorizeNode = async (
  parts: PolicyParts,
  request: FastifyRequest,
  rule: RuleName,
  node: NodeOwners,
  missing: () => Error,
): Promise<void> => {
  request.isRuleAsked = true;
  if (!(await maySeeNode(parts, request, node))) throw missing();
  await authorize(parts, request, rule, nodeTarget(node));
};
