// Who may see and do what with an allocation: those of the project that owns it, and the people of the system.

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';
import { findAllocation } from '#store/allocations';

import { ALLOCATION, type AllocationFieldName } from '@bessemer/protocol/allocation/fields';
import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';

import { accessDenied, authorize, may, ruleOfRoute } from '../access/authorize.ts';
import type { ApiParts } from '../api-parts.ts';
import { identOf } from '../nodes/find-node.ts';
import { findResource } from '../resource/find-resource.ts';
import { sendResource } from '../resource/send-resource.ts';

export const allocationMissing = (ident: string): Refusal =>
  new Refusal(404, `Allocation ${ident} could not be found.`);

const NAMING = { noun: ALLOCATION.noun, hasNames: true, missing: allocationMissing };

/** Throws `missing` for one that the caller may not see, else Refusal(403) by the rule of the route. */
export const authorizeAllocation = async (
  parts: ApiParts,
  request: FastifyRequest,
  allocation: AllocationRecord,
  missing: () => Error,
): Promise<void> => {
  const target = { 'allocation.owner': allocation.owner };
  request.isRuleAsked = true;
  if (!(await may(parts, request, 'baremetal:allocation:get', target))) throw missing();
  await authorize(parts, request, ruleOfRoute(request), target);
};

/** The allocation of `:ident`. */
export const requireAllocation = async (
  parts: ApiParts,
  request: FastifyRequest,
): Promise<AllocationRecord> => {
  const allocation = await findResource(request, NAMING, (ident) =>
    findAllocation(parts.store.db, ident),
  );
  await authorizeAllocation(parts, request, allocation, () => allocationMissing(identOf(request)));
  return allocation;
};

/**
 * Whose a new allocation is. Who works for the whole system may make one for anybody; all others make theirs, and
 * nobody else's. Throws Refusal(403).
 */
export const ownerOfNew = async (
  parts: ApiParts,
  request: FastifyRequest,
  asked: JsonValue,
): Promise<string | null> => {
  const ask = async (rule: RuleName): Promise<boolean> => may(parts, request, rule);
  request.isRuleAsked = true;
  const isAllowed = await ask('baremetal:allocation:create');
  const isAllowedForOwn = await ask('baremetal:allocation:create_restricted');
  if (!isAllowed && !isAllowedForOwn) throw accessDenied('baremetal:allocation:create');
  const { system_scope: system, project_id: project } = request.credentials;
  const isForAnybody =
    isAllowed &&
    (system === 'all' ||
      (isAllowedForOwn &&
        ((await ask('baremetal:allocation:list_all')) ||
          (await ask('baremetal:allocation:create_pre_rbac')))));
  // What is no text is refused by the schema.
  if (isForAnybody) return typeof asked === 'string' ? asked : null;
  if (project === null || (asked !== null && asked !== project)) {
    throw accessDenied('baremetal:allocation:create');
  }
  return project;
};

export const sendAllocation = (
  request: FastifyRequest,
  reply: FastifyReply,
  allocation: AllocationRecord,
  fields?: readonly AllocationFieldName[],
): FastifyReply => sendResource(request, reply, { table: ALLOCATION }, allocation, fields);
