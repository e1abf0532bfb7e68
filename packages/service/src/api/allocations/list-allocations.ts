// GET /v1/allocations and /v1/allocations/{allocation}.

import type { FastifyRequest } from 'fastify';

import { type AllocationFilters, listAllocations } from '#store/allocations';
import { findNode } from '#store/nodes';

import { ALLOCATION } from '@bessemer/protocol/allocation/fields';

import { requireListScope } from '../access/list-scope.ts';
import { maySeeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { type Query, readQuery, requireFeature } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { sendList } from '../resource/send-list.ts';
import type { Route } from '../route.ts';
import { requireAllocation, sendAllocation } from './allocation-access.ts';
import { nodeUnknown } from './asked-nodes.ts';

const FILTERS = ['node', 'resource_class', 'state', 'owner'];
const RULES = { all: 'baremetal:allocation:list_all', own: 'baremetal:allocation:list' } as const;

export const listAllocationRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/allocations',
    rule: RULES.all,
    asked: 'with-object',
    since: 'allocations',
    handle: async (request, reply) => {
      const query = readQuery(request, [...FILTERS, ...PAGE_ARGUMENTS, 'fields']);
      if (query['owner'] !== undefined) requireFeature(request, 'allocation-owner');
      const { project } = await requireListScope(parts, request, RULES, query['owner']);
      const filters = await readFilters(parts, request, query, project);
      return sendList(request, reply, {
        table: ALLOCATION,
        query,
        // The short list is as long as the other.
        isDetail: true,
        path: 'allocations',
        maxLimit: parts.options.maxLimit,
        find: (page) => listAllocations(parts.store.db, filters, page),
      });
    },
  },
  {
    method: 'GET',
    path: '/v1/allocations/:ident',
    rule: 'baremetal:allocation:get',
    asked: 'with-object',
    since: 'allocations',
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = askedFields(request, ALLOCATION, query['fields']);
      return sendAllocation(request, reply, await requireAllocation(parts, request), fields);
    },
  },
];

const readFilters = async (
  parts: ApiParts,
  request: FastifyRequest,
  query: Query,
  project: string | undefined,
): Promise<AllocationFilters> => ({
  resourceClass: query['resource_class'],
  state: query['state'],
  owner: project ?? query['owner'],
  nodeUuid: await nodeUuidOf(parts, request, query['node']),
});

const nodeUuidOf = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string | undefined,
): Promise<string | undefined> => {
  if (ident === undefined) return undefined;
  const node = await findNode(parts.store.db, ident);
  if (node === undefined || !(await maySeeNode(parts, request, node))) throw nodeUnknown(ident);
  return node.uuid;
};
