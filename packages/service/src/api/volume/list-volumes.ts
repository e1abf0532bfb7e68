// GET of volume connectors or targets: the list, that of one node, and one of them.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { type NodeOwnedFilters, nodeOwnedConditions } from '#store/node-owned';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { type ListRules, requireListScope } from '../access/list-scope.ts';
import { requireNodeOfList } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { asFlag, type Query, readQuery } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { malformedRoute } from '../resource/malformed-route.ts';
import { sendList } from '../resource/send-list.ts';
import type { Route } from '../route.ts';
import type { VolumeKind, VolumeRecord } from './volume-kind.ts';
import { requireVolume, sendVolume } from './volume-resource.ts';

export const VOLUME_LIST_RULES: ListRules = {
  all: 'baremetal:volume:list_all',
  own: 'baremetal:volume:list',
};

export const listVolumeRoutes = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  kind: VolumeKind<Name, R>,
): readonly Route[] => [
  {
    method: 'GET',
    path: `/v1/${kind.table.collection}`,
    rule: VOLUME_LIST_RULES.all,
    asked: 'with-object',
    since: 'volumes',
    handle: async (request, reply) => {
      const query = readQuery(request, ['node', ...PAGE_ARGUMENTS, 'fields', 'detail']);
      const { project } = await requireListScope(parts, request, VOLUME_LIST_RULES);
      const { node: ident } = query;
      const node = ident === undefined ? undefined : await requireNodeOfList(parts, request, ident);
      const filters = {
        ...(project === undefined ? {} : { project }),
        ...(node === undefined ? {} : { nodeUuid: node.uuid }),
      };
      const path = kind.table.collection;
      return sendVolumes(parts, request, reply, kind, { query, path, filters });
    },
  },
  {
    method: 'GET',
    path: `/v1/nodes/:ident/${kind.table.collection}`,
    rule: 'baremetal:volume:get',
    asked: 'with-object',
    since: 'volumes',
    handle: async (request, reply) => {
      const query = readQuery(request, [...PAGE_ARGUMENTS, 'fields', 'detail']);
      const { uuid } = await requireNode(parts, request);
      const path = `nodes/${uuid}/${kind.table.collection}`;
      return sendVolumes(parts, request, reply, kind, { query, path, filters: { nodeUuid: uuid } });
    },
  },
  malformedRoute(`/v1/nodes/:ident/${kind.table.collection}`, 'baremetal:volume:get', 'volumes'),
  {
    method: 'GET',
    path: `/v1/${kind.table.collection}/:ident`,
    rule: 'baremetal:volume:get',
    asked: 'with-object',
    since: 'volumes',
    handle: async (request, reply) => {
      const fields = askedFields(request, kind.table, readQuery(request, ['fields'])['fields']);
      const { record } = await requireVolume(parts, request, kind);
      return sendVolume(parts, request, reply, kind, record, fields);
    },
  },
];

type AskedVolumes = {
  readonly query: Query;
  readonly path: string;
  readonly filters: NodeOwnedFilters;
};

const sendVolumes = async <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: VolumeKind<Name, R>,
  { query, path, filters }: AskedVolumes,
): Promise<FastifyReply> => {
  // Other lists learned `detail` later; those of volumes had it from their first day.
  const isDetail = asFlag('detail', query['detail']) === true;
  if (isDetail && query['fields'] !== undefined) {
    throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
  }
  return sendList(request, reply, {
    table: kind.table,
    query,
    isDetail,
    path,
    maxLimit: parts.options.maxLimit,
    showSpecial: await kind.showSpecialTo(parts, request),
    find: (page) =>
      kind.store.list(parts.store.db, page, nodeOwnedConditions(kind.stored, filters)),
  });
};
