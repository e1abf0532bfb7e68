// Whose objects a list may show: everybody's, or only those of the caller's project.

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';

import { accessDenied, authorize, may, type PolicyParts } from './authorize.ts';

export type ListScope = {
  /** Undefined: all objects. Else the query has to filter by it. */
  readonly project: string | undefined;
};

export type ListRules = { readonly all: RuleName; readonly own: RuleName };

export const NODE_LIST_RULES: ListRules = {
  all: 'baremetal:node:list_all',
  own: 'baremetal:node:list',
};

/** `asked` is the project that the caller wants to see by `owner=` or `project=`. Throws Refusal(403). */
export const requireListScope = async (
  parts: PolicyParts,
  request: FastifyRequest,
  rules: ListRules,
  asked?: string,
): Promise<ListScope> => {
  request.isRuleAsked = true;
  if (await may(parts, request, rules.all)) return { project: undefined };
  const { project_id: project } = request.credentials;
  if (project === null || (asked !== undefined && asked !== project)) {
    throw accessDenied(rules.all);
  }
  await authorize(parts, request, rules.own);
  return { project };
};
