// POST /v1/allocations: stored and answered at once, a node is looked for afterwards. With `node` it is written down
// which allocation a node that is in use already belongs to; nothing is looked for then.

import { randomUUID } from 'node:crypto';

import type { FastifyRequest } from 'fastify';

import { allocations, bindNode } from '#store/allocations';
import type { NewRecord } from '#store/record-table';

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';
import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import type { ApiParts } from '../api-parts.ts';
import { asText, requireFeature, requireObjectBody } from '../query.ts';
import { refuseTaken } from '../resource/record-conflict.ts';
import { readNew, schemaError } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { ownerOfNew, sendAllocation } from './allocation-access.ts';
import { askedNodes } from './asked-nodes.ts';
import { holdForBackfill } from './backfill.ts';

type NewAllocation = NewRecord<AllocationRecord>;

export const createAllocationRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/allocations',
  rule: 'baremetal:allocation:create',
  asked: 'with-object',
  since: 'allocations',
  statusBelow: 405,
  handle: async (request, reply) => {
    const { node: asked = null, ...body } = requireObjectBody(request);
    if (asked !== null) requireFeature(request, 'allocation-backfill');
    const reading = { table: ALLOCATION, minor: request.minor, readSpecial: readNames };
    const owner = await ownerOfNew(parts, request, body['owner'] ?? null);
    const given: Partial<AllocationRecord> = readNew(reading, body);
    const nodeIdent = asText('node', asked);
    if (given.resourceClass === undefined && nodeIdent === undefined) {
      throw schemaError(
        ALLOCATION,
        "'resource_class' is a required property unless 'node' names a node to backfill",
      );
    }
    const wanted = {
      ...(await newAllocation(parts, request, given)),
      owner,
    };
    const written =
      nodeIdent === undefined
        ? allocations.insert(parts.store.db, wanted, { nowMs: parts.clock.wallMs() })
        : backfill(parts, request, wanted, nodeIdent);
    const { uuid, name } = wanted;
    const allocation = await written.catch((error: unknown) =>
      refuseTaken(error, ALLOCATION.noun, name === null ? { uuid } : { uuid, name }),
    );
    if (nodeIdent === undefined) parts.conductor.nudgeAllocation(uuid);
    reply.code(201).header('location', `${request.base}/v1/allocations/${uuid}`);
    return sendAllocation(request, reply, allocation);
  },
});

const newAllocation = async (
  parts: ApiParts,
  request: FastifyRequest,
  given: Partial<AllocationRecord>,
): Promise<NewAllocation> => ({
  uuid: given.uuid ?? randomUUID(),
  name: given.name ?? null,
  nodeUuid: null,
  state: 'allocating',
  resourceClass: given.resourceClass ?? '',
  traits: given.traits ?? [],
  candidateNodes: await askedNodes(parts, request, given.candidateNodes ?? []),
  isNamePreferred: offers(request.minor, 'allocation-by-name'),
  extra: given.extra ?? {},
  lastError: null,
  owner: null,
});

/** More would be a mistake; it keeps one request from asking for everything. */
const NAMES_MAX = 1_000;

const readNames = (field: string, value: JsonValue): JsonValue => {
  if (!Array.isArray(value) || value.length > NAMES_MAX) {
    throw schemaError(ALLOCATION, `${field}: it must be a list of up to ${NAMES_MAX} names`);
  }
  const names = value.map((each) => {
    if (field === 'traits') return requireTraitName('Schema error for allocation: traits', each);
    if (typeof each === 'string' && each !== '') return each;
    throw schemaError(ALLOCATION, `${field}: each has to be the name or UUID of a node`);
  });
  return [...new Set(names)];
};

/** Nobody else gets the node between the look and the write. */
const backfill = async (
  parts: ApiParts,
  request: FastifyRequest,
  wanted: NewAllocation,
  ident: string,
): Promise<AllocationRecord> => {
  const [uuid = ''] = await askedNodes(parts, request, [ident]);
  const nowMs = parts.clock.wallMs();
  return parts.store.transaction(async (transaction) => {
    const node = await holdForBackfill(transaction, wanted, uuid);
    const resourceClass = wanted.resourceClass === '' ? node.resourceClass : wanted.resourceClass;
    if (resourceClass === null) {
      throw new Refusal(400, `Node ${uuid} has no resource class; resource_class is needed.`);
    }
    const filled = { ...wanted, resourceClass, nodeUuid: node.uuid, state: 'active' as const };
    const allocation = await allocations.insert(transaction, filled, { nowMs });
    await bindNode(transaction, node, allocation, nowMs);
    return allocation;
  });
};
