// GET /v1/ports, /v1/ports/detail, and the ports of one node.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { findNode } from '#store/nodes';
import { findPortView, listPortViews, type PortFilters } from '#store/port-views';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import {
  isPortField,
  PORT_SUMMARY,
  portField,
  type PortFieldName,
  portFieldSince,
} from '@bessemer/protocol/port/fields';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { requireNode } from '../nodes/find-node.ts';
import { isDetailed, refuseMarker } from '../nodes/list-nodes.ts';
import { nextLink, PAGE_ARGUMENTS, readPage } from '../page-query.ts';
import { asList, type Query, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { findPortByIdent } from './find-port.ts';
import { asMac } from './port-input.ts';
import { portFieldsAt, portText } from './render-port.ts';

const FILTERS = [
  'node',
  'node_uuid',
  'address',
  'portgroup',
  'shard',
  'description_contains',
  'conductor_groups',
];

export const listPortsRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/ports',
    rule: 'baremetal:port:list_all',
    handle: async (request, reply) => {
      const query = readQuery(request, [...FILTERS, ...PAGE_ARGUMENTS, 'fields', 'detail']);
      const filters = await readFilters(parts, request, query);
      return sendPorts(parts, request, reply, query, filters, isDetailed(request, query), 'ports');
    },
  },
  {
    method: 'GET',
    path: '/v1/ports/detail',
    rule: 'baremetal:port:list_all',
    handle: async (request, reply) => {
      const query = readQuery(request, [...FILTERS, ...PAGE_ARGUMENTS]);
      const filters = await readFilters(parts, request, query);
      return sendPorts(parts, request, reply, query, filters, true, 'ports/detail');
    },
  },
  {
    method: 'GET',
    path: '/v1/nodes/:ident/ports',
    rule: 'baremetal:port:get',
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readQuery(request, [...PAGE_ARGUMENTS, 'fields', 'detail']);
      const { uuid } = await requireNode(parts, request);
      const path = `nodes/${uuid}/ports`;
      const isDetail = isDetailed(request, query);
      return sendPorts(parts, request, reply, query, { nodeUuid: uuid }, isDetail, path);
    },
  },
  {
    method: 'GET',
    path: '/v1/nodes/:ident/ports/detail',
    rule: 'baremetal:port:get',
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readQuery(request, [...PAGE_ARGUMENTS]);
      const { uuid } = await requireNode(parts, request);
      const path = `nodes/${uuid}/ports/detail`;
      return sendPorts(parts, request, reply, query, { nodeUuid: uuid }, true, path);
    },
  },
  {
    method: 'GET',
    path: '/v1/ports/:ident',
    rule: 'baremetal:port:get',
    handle: async (request, reply) => {
      const query = readQuery(request, ['fields']);
      const fields = selected(request, query['fields']) ?? portFieldsAt(request.minor);
      const view = await findPortByIdent(request, (by, value) =>
        findPortView(parts.store.db, by, value),
      );
      return reply.header('content-type', 'application/json').send(portText(view, fields, request));
    },
  },
];

const sendPorts = async (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  query: Query,
  filters: PortFilters,
  isDetail: boolean,
  path: string,
): Promise<FastifyReply> => {
  const page = readPage(query, (name) => sortColumn(request, name), parts.options.maxLimit);
  const fields =
    selected(request, query['fields']) ?? (isDetail ? portFieldsAt(request.minor) : PORT_SUMMARY);
  const views = await listPortViews(parts.store.db, filters, page).catch(refuseMarker);
  const texts = views.map((view) => portText(view, fields, request));
  const last = views.length === page.limit ? views.at(-1)?.uuid : undefined;
  const next = nextLink(request.base, path, query, page, last);
  return reply
    .header('content-type', 'application/json')
    .send(`{"ports":[${texts.join(',')}]${next}}`);
};

const selected = (
  request: FastifyRequest,
  text: string | undefined,
): readonly PortFieldName[] | undefined => {
  if (text === undefined) return undefined;
  requireFeature(request, 'fields-query');
  const names = (asList(text) ?? []).map((name) => {
    if (!isPortField(name)) {
      throw new Refusal(400, `Field ${name.slice(0, 100)} is not a valid field.`);
    }
    if (portFieldSince(name) > request.minor) throw notAcceptable();
    return name;
  });
  return names.includes('links') ? names : [...names, 'links'];
};

const sortColumn = (request: FastifyRequest, name: string): string | undefined => {
  if (!isPortField(name) || !portField(name).isSortable) return undefined;
  if (portFieldSince(name) > request.minor) throw notAcceptable();
  return portField(name).column;
};

const readFilters = async (
  parts: ApiParts,
  request: FastifyRequest,
  query: Query,
): Promise<PortFilters> => {
  const node = query['node_uuid'] ?? query['node'];
  const shards = asList(query['shard']);
  const conductorGroups = asList(query['conductor_groups']);
  const { portgroup, address } = query;
  if (portgroup !== undefined) requireFeature(request, 'portgroup-subresources');
  if (shards !== undefined) requireFeature(request, 'shards');
  if (conductorGroups !== undefined) requireFeature(request, 'port-conductor-groups');
  if ([node, portgroup, shards].filter((each) => each !== undefined).length > 1) {
    throw new Refusal(403, 'Operation not permitted.');
  }
  if (conductorGroups !== undefined && (node ?? portgroup ?? address) !== undefined) {
    throw new Refusal(400, 'conductor_groups cannot be combined with node, portgroup or address');
  }
  const filters = {
    nodeUuid: node === undefined ? undefined : await nodeUuid(parts, node),
    address: address === undefined ? undefined : asMac('address', address),
    portgroup,
    shards,
    conductorGroups,
    descriptionContains: query['description_contains'],
  };
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined),
  ) as PortFilters;
};

const nodeUuid = async (parts: ApiParts, ident: string): Promise<string> => {
  const node = await findNode(parts.store.db, ident);
  if (node === undefined) throw new Refusal(404, `Node ${ident.slice(0, 255)} could not be found.`);
  return node.uuid;
};
