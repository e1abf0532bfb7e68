// GET /v1/nodes/{node}/validate: what each interface says about the node's data. Changes nothing.

import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { authorizeNode } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { nodeMissing, requireNode } from './find-node.ts';

export const validateRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/nodes/:ident/validate',
    rule: 'baremetal:node:validate',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const results = await parts.conductor.validate(node.uuid);
      return reply.header('content-type', 'application/json').send(JSON.stringify(results));
    },
  },
  {
    method: 'GET',
    path: '/v1/nodes/validate',
    rule: 'baremetal:node:validate',
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readQuery(request, ['node', 'node_uuid']);
      const ident = query['node_uuid'] ?? query['node'];
      if (ident === undefined) throw new Refusal(400, 'Missing mandatory parameter: node');
      const node = await findNode(parts.store.db, ident);
      const missing = (): Refusal => nodeMissing(ident.slice(0, 255));
      if (node === undefined) throw missing();
      await authorizeNode(parts, request, 'baremetal:node:validate', node, missing);
      const results = await parts.conductor.validate(node.uuid);
      return reply.header('content-type', 'application/json').send(JSON.stringify(results));
    },
  },
];
