// Asks the policy about a request. Every answer of a route that is not public has passed through here, or it is
// not sent: see `route.ts`.

import type { FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';
import type { RuleName } from '#policy/rules';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';

export type PolicyParts = Pick<ApiParts, 'policy'>;

/** Asks without refusing: for what is shown or hidden. */
export const may = (
  parts: PolicyParts,
  request: FastifyRequest,
  rule: RuleName,
  target?: PolicyTarget,
): boolean | Promise<boolean> => parts.policy.allows(rule, request.credentials, target);

/** Throws Refusal(403) that names the rule. */
export const authorize = async (
  parts: PolicyParts,
  request: FastifyRequest,
  rule: RuleName,
  target?: PolicyTarget,
): Promise<void> => {
  request.isRuleAsked = true;
  if (await may(parts, request, rule, target)) return;
  throw accessDenied(rule);
};

export const accessDenied = (rule: string): Refusal =>
  new Refusal(403, `Access was denied to the following resource: ${rule}`);

/** The rule that the route of this request was declared with. */
export const ruleOfRoute = (request: FastifyRequest): RuleName => {
  const { rule } = request.routeOptions.config;
  if (rule === undefined || rule === 'public') throw new Error(`no rule for ${request.url}`);
  return rule;
};
