// GET /v1/nodes/{node}/children.

import { listChildren } from '#store/node-views';

import { NODE_LIST_RULES, requireListScope } from '../access/list-scope.ts';
import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

export const childrenRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident/children',
  rule: 'baremetal:node:get',
  asked: 'with-object',
  since: 'parent-node',
  handle: async (request, reply) => {
    const node = await requireNode(parts, request);
    const { project } = await requireListScope(parts, request, NODE_LIST_RULES);
    const children = await listChildren(parts.store.db, node.uuid, project);
    const href = `${request.base}/v1/nodes?parent_node=${node.uuid}`;
    return reply
      .header('content-type', 'application/json')
      .send(JSON.stringify({ children, links: { href, rel: 'children' } }));
  },
});
