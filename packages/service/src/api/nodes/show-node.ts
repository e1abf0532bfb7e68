// GET /v1/nodes/{node}, and the full node as replies to POST and PATCH show it.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { findNodeView } from '#store/node-views';

import type { ApiParts } from '../api-parts.ts';
import { readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { selectedFields } from './field-selection.ts';
import { nodeMissing, requireNodeView } from './find-node.ts';
import { nodeFieldsAt, nodeWriter } from './render-node.ts';
import { shownView } from './shown-views.ts';

export const showNodeRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident',
  rule: 'baremetal:node:get',
  asked: 'with-object',
  handle: async (request, reply) => {
    const query = readQuery(request, ['fields']);
    const fields = selectedFields(request, query['fields']) ?? nodeFieldsAt(request.minor);
    const view = await requireNodeView(parts, request, fields);
    const text = nodeWriter(fields, request.minor)(view, request.base);
    return reply.header('content-type', 'application/json').send(text);
  },
});

export const sendNode = async (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  uuid: string,
): Promise<FastifyReply> => {
  const fields = nodeFieldsAt(request.minor);
  const view = await findNodeView(parts.store.db, uuid, fields);
  if (view === undefined) throw nodeMissing(uuid);
  const shown = await shownView(parts, request, fields, view);
  const text = nodeWriter(fields, request.minor)(shown, request.base);
  return reply.header('content-type', 'application/json').send(text);
};
