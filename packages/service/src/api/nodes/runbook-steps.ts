// A runbook in a provision call: found, allowed to the caller, and made for the node.

import type { FastifyRequest } from 'fastify';

import type { StepRequest } from '#conductor/conductor';
import { findRunbook } from '#store/runbooks';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { refuseDisallowed } from '@bessemer/protocol/node/disallowed-steps';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionVerb } from '@bessemer/protocol/node/verbs';
import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import { authorize, may } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { asText, requireFeature } from '../query.ts';
import { runbookMissing } from '../runbooks/runbook-access.ts';
import { authorizeEachStep } from './step-policy.ts';

export type RunbookWish = {
  readonly steps: readonly StepRequest[];
  readonly isRamdiskDisabled: boolean;
};

/** Undefined when the call names no runbook. Throws Refusal 400, 403, 404 or 406. */
export const readRunbook = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  verb: ProvisionVerb,
  given: JsonObject,
): Promise<RunbookWish | undefined> => {
  const ident = asText('runbook', given['runbook']);
  if (ident === undefined) return undefined;
  requireFeature(request, 'runbooks');
  if (verb !== 'clean' && verb !== 'service') {
    throw new Refusal(
      400,
      '"runbook" is only valid when setting target provision state to clean or service',
    );
  }
  const steps = `${verb}_steps`;
  if (given[steps] !== undefined) {
    throw new Refusal(400, `Please provide either "${steps}" or "runbook", but not both`);
  }
  const runbook = await requireUsable(parts, request, ident);
  requireTrait(request, node, runbook);
  if (runbook.owner !== null && !runbook.public) {
    await authorizeEachStep(parts, request, nodeTarget(node), runbook.steps);
  }
  refuseDisallowed(runbook.steps, parts.options.disallowedSteps);
  return {
    steps: runbook.steps
      .toSorted((a, b) => a.order - b.order)
      .map(({ interface: kind, step, args, order }) => ({
        interface: kind,
        step,
        args,
        priority: order,
      })),
    isRamdiskDisabled: runbook.disableRamdisk,
  };
};

/** Everybody may use a public one; of the others the caller has to be somebody. */
const requireUsable = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string,
): Promise<RunbookRecord> => {
  const runbook = await findRunbook(parts.store.db, ident);
  if (runbook === undefined) throw runbookMissing(ident);
  if (runbook.public) return runbook;
  const target = { 'runbook.owner': runbook.owner };
  if (!(await may(parts, request, 'baremetal:runbook:get', target))) throw runbookMissing(ident);
  await authorize(parts, request, 'baremetal:runbook:use', target);
  return runbook;
};

/** A runbook is made for machines of some kind, which their traits tell. */
const requireTrait = (request: FastifyRequest, node: NodeRecord, runbook: RunbookRecord): void => {
  const hasOwnTraits = offers(request.minor, 'runbook-traits');
  const wanted = hasOwnTraits ? runbook.traits : [runbook.name];
  if (wanted.length === 0) {
    throw new Refusal(
      400,
      `The runbook ${runbook.name} has no traits, so it fits no node. Give it one that node ${node.uuid} has.`,
    );
  }
  if (wanted.some((trait) => node.traits.includes(trait))) return;
  throw new Refusal(
    400,
    `The runbook ${runbook.name} is not made for node ${node.uuid}, which has none of the traits ${wanted.join(', ')}.`,
  );
};
