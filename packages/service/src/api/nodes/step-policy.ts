// Who may choose steps: the rules of the provision call, and rules for single steps that an operator wrote.

import type { FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';
import type { RuleName } from '#policy/rules';
import { findNamedNodes } from '#store/candidates';
import { listChildren } from '#store/node-views';

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { accessDenied, authorize } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';

type Named = { readonly interface: string; readonly step: string };

const isNamed = (step: unknown): step is Named =>
  isJsonObject(step) && typeof step['interface'] === 'string' && typeof step['step'] === 'string';

/** Judged before the shape of the steps is: what has no name is refused for that later. */
const namedSteps = (value: JsonValue | undefined): readonly Named[] =>
  Array.isArray(value) ? (value as readonly unknown[]).filter(isNamed) : [];

/** Throws Refusal(403) by `baremetal:step:execute:INTERFACE.STEP`, where the policy has such a rule. */
export const authorizeEachStep = async (
  { policy }: Pick<ApiParts, 'policy'>,
  { credentials }: FastifyRequest,
  target: PolicyTarget,
  steps: readonly Named[],
): Promise<void> => {
  for (const rule of new Set(
    steps.map(({ interface: kind, step }) => `baremetal:step:execute:${kind}.${step}`),
  )) {
    const isAllowed = await policy.allowsIfDefined(rule, credentials, target);
    if (isAllowed === false) throw accessDenied(rule);
  }
};

/** Which of the children the steps are for; they are judged later, as to their shape. */
const isForChild =
  (uuid: string) =>
  (step: JsonValue): boolean => {
    if (!isJsonObject(step) || step['execute_on_child_nodes'] !== true) return false;
    const { limit_child_node_execution: limit } = step;
    if (!Array.isArray(limit)) return true;
    return limit.some((each) => typeof each === 'string' && each.toLowerCase() === uuid);
  };

/**
 * Who may do something with a node need not be allowed to do it with its children: they may be leased to others. Throws
 * Refusal(403).
 */
const authorizeChildren = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  rule: RuleName,
  steps: JsonValue | undefined,
): Promise<void> => {
  if (!Array.isArray(steps)) return;
  const isForAny = steps.some((step) => isJsonObject(step) && step['execute_on_child_nodes']);
  if (!isForAny) return;
  const { db } = parts.store;
  for (const child of await findNamedNodes(db, await listChildren(db, node.uuid))) {
    if (!steps.some(isForChild(child.uuid))) continue;
    await authorize(parts, request, rule, nodeTarget(child));
    await authorizeEachStep(parts, request, nodeTarget(child), namedSteps(steps));
  }
};

export const authorizeSteps = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  given: JsonObject,
): Promise<void> => {
  const target = nodeTarget(node);
  const { clean_steps: clean, service_steps: service, deploy_steps: deploy } = given;
  for (const [rule, steps] of [
    ['baremetal:node:set_provision_state:clean_steps', clean],
    ['baremetal:node:set_provision_state:service_steps', service],
    ['baremetal:node:set_provision_state', deploy],
  ] as const) {
    if (steps === undefined) continue;
    await authorize(parts, request, rule, target);
    await authorizeChildren(parts, request, node, rule, steps);
  }
  await authorizeEachStep(
    parts,
    request,
    target,
    [clean, service, deploy].flatMap((steps) => namedSteps(steps)),
  );
};
