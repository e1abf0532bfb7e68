// GET /v1/nodes/{node}/inventory: what the last inspection found.

import { findInventory } from '#store/inventories';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

export const inventoryRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident/inventory',
  rule: 'baremetal:node:inventory:get',
  asked: 'with-object',
  since: 'inventory',
  handle: async (request, reply) => {
    const node = await requireNode(parts, request);
    const found = await findInventory(parts.store.db, node.uuid);
    if (found === undefined) {
      throw new Refusal(404, `Introspection data not found for node ${node.uuid}.`);
    }
    return reply
      .header('content-type', 'application/json')
      .send(JSON.stringify({ inventory: found.inventory, plugin_data: found.pluginData }));
  },
});
