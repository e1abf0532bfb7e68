// Deploy templates: an instance that asks for a trait gets the steps of the template of that name.

import type { JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { PROVISION_VERBS } from '@bessemer/protocol/node/verbs';

import type { Queryable } from '#store/database';
import { findTemplatesByNames } from '#store/deploy-templates';

import type { ProvisionRequest } from '../conductor.ts';

const DEPLOY_EVENTS: ReadonlySet<string> = new Set(['deploy', 'rebuild']);

const namesOf = (traits: JsonValue | undefined): readonly string[] =>
  Array.isArray(traits) ? traits.filter((each) => typeof each === 'string') : [];

/** What the caller asked for comes last, and so has the last word. */
export const withTemplateSteps = async (
  queryable: Queryable,
  node: Pick<NodeRecord, 'instanceInfo'>,
  request: ProvisionRequest,
): Promise<ProvisionRequest> => {
  if (!DEPLOY_EVENTS.has(PROVISION_VERBS[request.verb].event)) return request;
  const templates = await findTemplatesByNames(queryable, namesOf(node.instanceInfo['traits']));
  if (templates.length === 0) return request;
  const steps = templates.flatMap((template) => template.steps);
  return { ...request, steps: [...steps, ...(request.steps ?? [])] };
};
