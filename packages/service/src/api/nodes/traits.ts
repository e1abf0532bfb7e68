// GET /v1/nodes/{node}/traits. Traits cannot be set yet, so there are none; the list is there for clients that ask.

import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

export const traitsRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident/traits',
  rule: 'baremetal:node:traits:list',
  asked: 'with-object',
  since: 'traits',
  statusBelow: 406,
  handle: async (request, reply) => {
    await requireNode(parts, request);
    return reply.header('content-type', 'application/json').send('{"traits":[]}');
  },
});
