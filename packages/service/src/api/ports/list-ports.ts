// GET /v1/ports, /v1/ports/detail, the ports of one node, and one port.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { findNode } from '#store/nodes';
import { findPortgroup } from '#store/portgroups';
import { listPorts, type PortFilters } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { PORT } from '@bessemer/protocol/port/fields';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';

import { type ListRules, requireListScope } from '../access/list-scope.ts';
import { maySeeNode } from '../access/node-access.ts';
import { requireNodeOfList } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { isDetailed } from '../nodes/list-nodes.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { asList, asUuid, type Query, readQuery, requireFeature } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { malformedRoute } from '../resource/malformed-route.ts';
import { asMac } from '../resource/resource-input.ts';
import { ownedMissing, requireOwned } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { sendList } from '../resource/send-list.ts';
import type { Route } from '../route.ts';
import { shownLink } from './link-connection.ts';
import { hasPortNames, PORTS } from './port-resource.ts';

const FILTERS = [
  'node',
  'node_uuid',
  'address',
  'portgroup',
  'shard',
  'description_contains',
  'conductor_groups',
];
const LIST_RULES: ListRules = { all: 'baremetal:port:list_all', own: 'baremetal:port:list' };

export const portRoutes = (parts: ApiParts): readonly Route[] => [
  listRoute(parts, false),
  listRoute(parts, true),
  ...[false, true].map((isDetail): Route => {
    const ending = isDetail ? 'ports/detail' : 'ports';
    return {
      method: 'GET',
      path: `/v1/nodes/:ident/${ending}`,
      rule: 'baremetal:port:get',
      asked: 'with-object',
      handle: async (request, reply) => {
        const query = readPortQuery(request, isDetail);
        const { uuid } = await requireNode(parts, request);
        const path = `nodes/${uuid}/${ending}`;
        return sendPorts(parts, request, reply, { query, isDetail, path, nodeUuid: uuid });
      },
    };
  }),
  malformedRoute('/v1/nodes/:ident/ports', 'baremetal:port:get', 'base'),
  {
    method: 'GET',
    path: '/v1/ports/:ident',
    rule: 'baremetal:port:get',
    asked: 'with-object',
    handle: async (request, reply) => {
      const fields = askedFields(request, PORT, readQuery(request, ['fields'])['fields']);
      const { record } = await requireOwned(parts, request, PORTS, hasPortNames(request));
      return sendResource(request, reply, PORTS, record, fields);
    },
  },
];

/** The arguments of a list of ports that takes no filters. */
export const readPortQuery = (
  request: FastifyRequest,
  isDetail: boolean,
  filters: readonly string[] = [],
): Query =>
  readQuery(request, [...filters, ...PAGE_ARGUMENTS, ...(isDetail ? [] : ['fields', 'detail'])]);

const listRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const path = isDetail ? 'ports/detail' : 'ports';
  return {
    method: 'GET',
    path: `/v1/${path}`,
    rule: LIST_RULES.all,
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readPortQuery(request, isDetail, FILTERS);
      const { project } = await requireListScope(parts, request, LIST_RULES);
      const filters = await readFilters(parts, request, query);
      const ofProject = project === undefined ? {} : { project };
      return sendPorts(parts, request, reply, { query, isDetail, path, ...filters, ...ofProject });
    },
  };
};

type AskedPorts = PortFilters & {
  readonly query: Query;
  readonly isDetail: boolean;
  readonly path: string;
};

export const sendPorts = (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { query, isDetail, path, ...filters }: AskedPorts,
): Promise<FastifyReply> =>
  sendList(request, reply, {
    table: PORT,
    query,
    isDetail: isDetail || isDetailed(request, query),
    path,
    maxLimit: parts.options.maxLimit,
    showSpecial: shownLink,
    find: (page) => listPorts(parts.store.db, filters, page),
  });

const readFilters = async (
  parts: ApiParts,
  request: FastifyRequest,
  query: Query,
): Promise<PortFilters> => {
  const node = asUuid('node_uuid', query['node_uuid']) ?? query['node'];
  const shards = asList(query['shard']);
  const conductorGroups = asList(query['conductor_groups']);
  const { portgroup, address, description_contains: descriptionContains } = query;
  if (portgroup !== undefined) requireFeature(request, 'portgroup-subresources');
  if (shards !== undefined) requireFeature(request, 'shards');
  if (conductorGroups !== undefined) requireFeature(request, 'port-conductor-groups');
  if ([node, portgroup, shards].filter((each) => each !== undefined).length > 1) {
    throw new Refusal(403, 'Operation not permitted.');
  }
  if (conductorGroups !== undefined && (node ?? portgroup ?? address) !== undefined) {
    throw new Refusal(400, 'conductor_groups cannot be combined with node, portgroup or address');
  }
  return {
    ...(node === undefined ? {} : { nodeUuid: await nodeOfList(parts, request, node) }),
    ...(portgroup === undefined
      ? {}
      : { portgroupUuid: await portgroupOfList(parts, request, portgroup) }),
    ...(address === undefined ? {} : { address: asMac('address', address) }),
    ...(shards === undefined ? {} : { shards }),
    ...(conductorGroups === undefined ? {} : { conductorGroups }),
    ...(descriptionContains === undefined ? {} : { descriptionContains }),
  };
};

const nodeOfList = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string,
): Promise<string> => (await requireNodeOfList(parts, request, ident)).uuid;

const portgroupOfList = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string,
): Promise<string> => {
  const portgroup = await findPortgroup(parts.store.db, ident);
  const node =
    portgroup === undefined ? undefined : await findNode(parts.store.db, portgroup.nodeUuid);
  const isVisible = node !== undefined && (await maySeeNode(parts, request, node));
  if (portgroup === undefined || !isVisible) throw ownedMissing(PORTGROUP, ident.slice(0, 255));
  return portgroup.uuid;
};
