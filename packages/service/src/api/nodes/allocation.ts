// GET and DELETE /v1/nodes/{node}/allocation.

import type { FastifyRequest } from 'fastify';

import { findAllocationOfNode } from '#store/allocations';
import { findNode } from '#store/nodes';

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';
import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';

import { maySeeNode } from '../access/node-access.ts';
import { authorizeAllocation, sendAllocation } from '../allocations/allocation-access.ts';
import { deleteAllocation } from '../allocations/write-allocation.ts';
import type { ApiParts } from '../api-parts.ts';
import { readQuery } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import type { Route } from '../route.ts';
import { findByIdent, identOf, nodeMissing } from './find-node.ts';

const PATH = '/v1/nodes/:ident/allocation';
const GATE = { asked: 'with-object', since: 'allocations' } as const;

export const nodeAllocationRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:allocation:get',
    ...GATE,
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = askedFields(request, ALLOCATION, query['fields']);
      return sendAllocation(request, reply, await requireOfNode(parts, request), fields);
    },
  },
  {
    method: 'DELETE',
    path: PATH,
    rule: 'baremetal:allocation:delete',
    ...GATE,
    handle: async (request, reply) => {
      await deleteAllocation(parts, await requireOfNode(parts, request));
      return reply.code(204).send();
    },
  },
];

/** The node is only looked at: what may be done is said by whose the allocation is. */
const requireOfNode = async (
  parts: ApiParts,
  request: FastifyRequest,
): Promise<AllocationRecord> => {
  const node = await findByIdent(request, (ident) => findNode(parts.store.db, ident));
  if (!(await maySeeNode(parts, request, node))) throw nodeMissing(identOf(request));
  const missing = (): Refusal => new Refusal(404, `Allocation for node ${node.uuid} was not found`);
  const allocation = await findAllocationOfNode(parts.store.db, node.uuid);
  if (allocation === undefined) throw missing();
  await authorizeAllocation(parts, request, allocation, missing);
  return allocation;
};
