// Who may choose steps: the rules of the provision call, and rules for single steps that an operator wrote.

import type { FastifyRequest } from 'fastify';

import type { PolicyTarget } from '#policy/policy';

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

export const authorizeSteps = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  given: JsonObject,
): Promise<void> => {
  const target = nodeTarget(node);
  const { clean_steps: clean, service_steps: service, deploy_steps: deploy } = given;
  if (clean !== undefined) {
    await authorize(parts, request, 'baremetal:node:set_provision_state:clean_steps', target);
  }
  if (service !== undefined) {
    await authorize(parts, request, 'baremetal:node:set_provision_state:service_steps', target);
  }
  await authorizeEachStep(
    parts,
    request,
    target,
    [clean, service, deploy].flatMap((steps) => namedSteps(steps)),
  );
};
