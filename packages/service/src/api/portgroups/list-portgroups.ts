// GET /v1/portgroups and /v1/portgroups/detail, the groups of one node, one group, and its ports.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { listPortgroups, type PortgroupFilters } from '#store/portgroups';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';

import { type ListRules, requireListScope } from '../access/list-scope.ts';
import { requireNodeOfList } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { isDetailed } from '../nodes/list-nodes.ts';
import { readPortQuery, sendPorts } from '../ports/list-ports.ts';
import { asList, type Query, readQuery, requireFeature } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { asMac } from '../resource/resource-input.ts';
import { malformedRoute } from '../resource/malformed-route.ts';
import { requireOwned } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { sendList } from '../resource/send-list.ts';
import type { Route } from '../route.ts';
import { PORTGROUPS } from './portgroup-resource.ts';

const FILTERS = ['node', 'address', 'shard', 'conductor_groups'];
const LIST_RULES: ListRules = {
  all: 'baremetal:portgroup:list_all',
  own: 'baremetal:portgroup:list',
};

const NESTED_LISTS = ['/v1/nodes/:ident/portgroups', '/v1/portgroups/:ident/ports'];

export const portgroupRoutes = (parts: ApiParts): readonly Route[] => [
  ...[false, true].flatMap((isDetail) => [
    listRoute(parts, isDetail),
    listOfNodeRoute(parts, isDetail),
    portsRoute(parts, isDetail),
  ]),
  ...NESTED_LISTS.map((list) =>
    malformedRoute(list, 'baremetal:portgroup:get', 'portgroup-subresources'),
  ),
  {
    method: 'GET',
    path: '/v1/portgroups/:ident',
    rule: 'baremetal:portgroup:get',
    asked: 'with-object',
    since: 'portgroups',
    handle: async (request, reply) => {
      const fields = askedFields(request, PORTGROUP, readQuery(request, ['fields'])['fields']);
      const { record } = await requireOwned(parts, request, PORTGROUPS, true);
      return sendResource(request, reply, PORTGROUPS, record, fields);
    },
  },
];

const listRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const path = isDetail ? 'portgroups/detail' : 'portgroups';
  return {
    method: 'GET',
    path: `/v1/${path}`,
    rule: LIST_RULES.all,
    asked: 'with-object',
    since: 'portgroups',
    handle: async (request, reply) => {
      const query = readPortQuery(request, isDetail, FILTERS);
      const { project } = await requireListScope(parts, request, LIST_RULES);
      const filters = await readFilters(parts, request, query);
      const ofProject = project === undefined ? {} : { project };
      const list = { query, isDetail, path, ...filters, ...ofProject };
      return sendPortgroups(parts, request, reply, list);
    },
  };
};

const listOfNodeRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const ending = isDetail ? 'portgroups/detail' : 'portgroups';
  return {
    method: 'GET',
    path: `/v1/nodes/:ident/${ending}`,
    rule: 'baremetal:portgroup:get',
    asked: 'with-object',
    since: 'portgroup-subresources',
    handle: async (request, reply) => {
      const query = readPortQuery(request, isDetail);
      const { uuid } = await requireNode(parts, request);
      const path = `nodes/${uuid}/${ending}`;
      return sendPortgroups(parts, request, reply, { query, isDetail, path, nodeUuid: uuid });
    },
  };
};

const portsRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const ending = isDetail ? 'ports/detail' : 'ports';
  return {
    method: 'GET',
    path: `/v1/portgroups/:ident/${ending}`,
    rule: 'baremetal:port:get',
    asked: 'with-object',
    since: 'portgroup-subresources',
    handle: async (request, reply) => {
      const query = readPortQuery(request, isDetail);
      const { uuid } = (await requireOwned(parts, request, PORTGROUPS, true)).record;
      const path = `portgroups/${uuid}/${ending}`;
      return sendPorts(parts, request, reply, { query, isDetail, path, portgroupUuid: uuid });
    },
  };
};

type AskedPortgroups = PortgroupFilters & {
  readonly query: Query;
  readonly isDetail: boolean;
  readonly path: string;
};

const sendPortgroups = (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { query, isDetail, path, ...filters }: AskedPortgroups,
): Promise<FastifyReply> =>
  sendList(request, reply, {
    table: PORTGROUP,
    query,
    isDetail: isDetail || isDetailed(request, query),
    path,
    maxLimit: parts.options.maxLimit,
    find: (page) => listPortgroups(parts.store.db, filters, page),
  });

/** One at a time. */
const readFilters = async (
  parts: ApiParts,
  request: FastifyRequest,
  query: Query,
): Promise<PortgroupFilters> => {
  const { node, address } = query;
  const shards = asList(query['shard']);
  const conductorGroups = asList(query['conductor_groups']);
  if (shards !== undefined) requireFeature(request, 'portgroup-shard');
  if (conductorGroups !== undefined) requireFeature(request, 'port-conductor-groups');
  const asked = FILTERS.filter((name) => query[name] !== undefined);
  if (asked.length > 1) {
    throw new Refusal(400, `Only one of ${asked.join(', ')} can be asked for at a time`);
  }
  if (node !== undefined) return { nodeUuid: (await requireNodeOfList(parts, request, node)).uuid };
  if (address !== undefined) return { address: asMac('address', address) };
  if (shards !== undefined) return { shards };
  return conductorGroups === undefined ? {} : { conductorGroups };
};
