// GET /v1/shards: how many nodes are in which shard.

import { listShards } from '#store/shards';

import type { ApiParts } from '../api-parts.ts';
import { readQuery } from '../query.ts';
import type { Route } from '../route.ts';

export const shardsRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/shards',
  rule: 'baremetal:shards:get',
  since: 'shards',
  handle: async (request, reply) => {
    readQuery(request, []);
    const shards = await listShards(parts.store.db);
    return reply.header('content-type', 'application/json').send(JSON.stringify({ shards }));
  },
});
