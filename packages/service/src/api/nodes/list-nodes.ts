// GET /v1/nodes and /v1/nodes/detail: one query, one pass.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { findNode } from '#store/nodes';
import { listNodeViews, type NodeFilters } from '#store/node-views';
import { MarkerUnknown } from '#store/paging';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { Feature } from '@bessemer/protocol/microversion/features';
import { isNodeField, nodeField, nodeFieldSince } from '@bessemer/protocol/node/fields';
import { isProvisionState } from '@bessemer/protocol/node/states';

import { NODE_LIST_RULES, requireListScope } from '../access/list-scope.ts';
import { maySeeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { pageBytes } from '../page-bytes.ts';
import { nextLink, PAGE_ARGUMENTS, readPage } from '../page-query.ts';
import { asFlag, asList, asUuid, type Query, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { selectedFields } from './field-selection.ts';
import { nodeMissing } from './find-node.ts';
import { nodeFieldsAt, nodeWriter, summaryFieldsAt } from './render-node.ts';
import { shownViews } from './shown-views.ts';

/** Filter to the version that brought it; undefined: never checked. */
const FILTERS: { readonly [name: string]: Feature | undefined } = {
  chassis_uuid: undefined,
  instance_uuid: undefined,
  associated: undefined,
  maintenance: undefined,
  provision_state: 'provision-state-filter',
  driver: 'driver-filter',
  resource_class: 'resource-class',
  fault: 'fault',
  conductor_group: 'conductor-group',
  conductor: 'conductors',
  owner: 'owner',
  description_contains: undefined,
  retired: undefined,
  lessee: 'lessee',
  project: undefined,
  shard: 'shards',
  sharded: 'shards',
  include_children: 'parent-node',
  parent_node: 'parent-node',
  instance_name: 'instance-name',
};

const FILTER_NAMES = Object.keys(FILTERS);
const FAULTS: ReadonlySet<string> = new Set([
  'power failure',
  'clean failure',
  'rescue abort failure',
  'service failure',
]);

export const listNodesRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/nodes',
    rule: 'baremetal:node:list_all',
    asked: 'with-object',
    handle: (request, reply) => {
      const query = readNodeQuery(request, false);
      const list = { query, isDetail: isDetailed(request, query), path: 'nodes' };
      return sendNodes(parts, request, reply, list);
    },
  },
  {
    method: 'GET',
    path: '/v1/nodes/detail',
    rule: 'baremetal:node:list_all',
    asked: 'with-object',
    handle: (request, reply) => {
      const query = readNodeQuery(request, true);
      return sendNodes(parts, request, reply, { query, isDetail: true, path: 'nodes/detail' });
    },
  },
];

/** `detail=` of any list that has it. */
export const isDetailed = (request: FastifyRequest, query: Query): boolean => {
  if (query['detail'] === undefined) return false;
  if (request.minor < 43) {
    throw new Refusal(
      400,
      `Invalid query parameter ?detail=${query['detail'].slice(0, 100)} received.`,
    );
  }
  const isDetail = asFlag('detail', query['detail']) === true;
  if (isDetail && query['fields'] !== undefined) {
    throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
  }
  return isDetail;
};

/** The arguments of a list of nodes; the older form at a path of its own says what is shown by that path. */
export const readNodeQuery = (request: FastifyRequest, isDetailPath: boolean): Query => {
  const shownBy = isDetailPath ? [] : ['fields', 'detail'];
  return readQuery(request, [...FILTER_NAMES, ...PAGE_ARGUMENTS, ...shownBy]);
};

type NodeList = {
  readonly query: Query;
  readonly isDetail: boolean;
  /** Below `/v1/`, for the link to the next page. */
  readonly path: string;
  /** What the path says of which nodes are meant; it counts for more than the query. */
  readonly within?: NodeFilters;
};

export const sendNodes = async (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { query, isDetail, path, within = {} }: NodeList,
): Promise<FastifyReply> => {
  const { project } = await requireListScope(parts, request, NODE_LIST_RULES, query['project']);
  const asked = { ...(await readFilters(parts, request, query)), ...within };
  const filters = project === undefined ? asked : { ...asked, project };
  const page = readPage(query, (name) => sortColumn(request, name), parts.options.maxLimit);
  const selected = selectedFields(request, query['fields']);
  const fields =
    selected ?? (isDetail ? nodeFieldsAt(request.minor) : summaryFieldsAt(request.minor));
  const found = await listNodeViews(parts.store.db, fields, filters, page).catch(refuseMarker);
  const views = await shownViews(parts, request, fields, found);
  const write = nodeWriter(fields, request.minor);
  const { base } = request;
  const isFull = views.length === page.limit && filters.instanceUuid === undefined;
  const next = nextLink(base, path, query, page, isFull ? views.at(-1)?.uuid : undefined);
  return reply
    .header('content-type', 'application/json')
    .send(pageBytes('{"nodes":[', views, (view) => write(view, base), `]${next}}`));
};

export const refuseMarker = (error: unknown): never => {
  if (error instanceof MarkerUnknown) {
    throw new Refusal(404, `The marker ${error.message} could not be found.`);
  }
  throw error;
};

const sortColumn = (request: FastifyRequest, name: string): string | undefined => {
  if (!isNodeField(name) || !nodeField(name).isSortable) return undefined;
  if (nodeFieldSince(name) > request.minor) throw notAcceptable();
  return name;
};

const readFilters = async (
  parts: ApiParts,
  request: FastifyRequest,
  query: Query,
): Promise<NodeFilters> => {
  for (const name of FILTER_NAMES) {
    const since = FILTERS[name];
    if (query[name] !== undefined && since !== undefined) requireFeature(request, since);
  }
  const state = query['provision_state'];
  if (state !== undefined && !isProvisionState(state)) {
    throw new Refusal(400, `Provision state "${state.slice(0, 100)}" is not valid`);
  }
  const fault = query['fault'];
  if (fault !== undefined && !FAULTS.has(fault)) {
    throw new Refusal(400, `Unrecognized fault "${fault.slice(0, 100)}" is specified`);
  }
  const filters = {
    chassisUuid: asUuid('chassis_uuid', query['chassis_uuid']),
    instanceUuid: asUuid('instance_uuid', query['instance_uuid']),
    instanceName: query['instance_name'],
    isAssociated: asFlag('associated', query['associated']),
    isInMaintenance: asFlag('maintenance', query['maintenance']),
    isRetired: asFlag('retired', query['retired']),
    provisionState: state,
    driver: query['driver'],
    resourceClass: query['resource_class'],
    fault,
    conductorGroup: query['conductor_group']?.toLowerCase(),
    conductor: query['conductor'],
    owner: query['owner'],
    lessee: query['lessee'],
    project: query['project'],
    descriptionContains: query['description_contains'],
    shards: asList(query['shard']),
    isSharded: asFlag('sharded', query['sharded']),
    parentNode: await parentUuid(parts, request, query['parent_node']),
    withChildren: asFlag('include_children', query['include_children']),
  };
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined),
  ) as NodeFilters;
};

const parentUuid = async (
  parts: ApiParts,
  request: FastifyRequest,
  ident: string | undefined,
): Promise<string | undefined> => {
  if (ident === undefined) return undefined;
  const parent = await findNode(parts.store.db, ident);
  const isSeen = parent !== undefined && (await maySeeNode(parts, request, parent));
  if (!isSeen) throw nodeMissing(ident.slice(0, 255));
  return parent.uuid;
};
