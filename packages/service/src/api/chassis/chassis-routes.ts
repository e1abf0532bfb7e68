// GET /v1/chassis and /v1/chassis/detail, one chassis, and the nodes in it.

import { listChassis } from '#store/chassis';

import { CHASSIS } from '@bessemer/protocol/chassis/fields';

import type { ApiParts } from '../api-parts.ts';
import { isDetailed, readNodeQuery, sendNodes } from '../nodes/list-nodes.ts';
import { PAGE_ARGUMENTS } from '../page-query.ts';
import { readQuery } from '../query.ts';
import { askedFields } from '../resource/field-query.ts';
import { sendList } from '../resource/send-list.ts';
import type { Route } from '../route.ts';
import { requireChassis, sendChassis } from './find-chassis.ts';
import { createChassisRoute, deleteChassisRoute, patchChassisRoute } from './write-chassis.ts';

export const chassisRoutes = (parts: ApiParts): readonly Route[] => [
  ...[false, true].flatMap((isDetail) => [listRoute(parts, isDetail), nodesRoute(parts, isDetail)]),
  {
    method: 'GET',
    path: '/v1/chassis/:ident',
    rule: 'baremetal:chassis:get',
    handle: async (request, reply) => {
      const fields = askedFields(request, CHASSIS, readQuery(request, ['fields'])['fields']);
      return sendChassis(request, reply, await requireChassis(parts, request), fields);
    },
  },
  createChassisRoute(parts),
  patchChassisRoute(parts),
  deleteChassisRoute(parts),
];

const listRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const path = isDetail ? 'chassis/detail' : 'chassis';
  return {
    method: 'GET',
    path: `/v1/${path}`,
    rule: 'baremetal:chassis:get',
    handle: async (request, reply) => {
      const more = isDetail ? [] : ['fields', 'detail'];
      const query = readQuery(request, [...PAGE_ARGUMENTS, ...more]);
      return sendList(request, reply, {
        table: CHASSIS,
        query,
        isDetail: isDetail || isDetailed(request, query),
        path,
        maxLimit: parts.options.maxLimit,
        find: (page) => listChassis(parts.store.db, page),
      });
    },
  };
};

/** The list of nodes, of one chassis: what the caller may see of it is the same. */
const nodesRoute = (parts: ApiParts, isDetail: boolean): Route => {
  const ending = isDetail ? 'nodes/detail' : 'nodes';
  return {
    method: 'GET',
    path: `/v1/chassis/:ident/${ending}`,
    rule: 'baremetal:node:list_all',
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readNodeQuery(request, isDetail);
      const { uuid } = await requireChassis(parts, request);
      const path = `chassis/${uuid}/${ending}`;
      const list = { query, path, isDetail: isDetail || isDetailed(request, query) };
      return sendNodes(parts, request, reply, { ...list, within: { chassisUuid: uuid } });
    },
  };
};
