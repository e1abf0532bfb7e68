// PUT /v1/nodes/{node}/states/raid: what the RAID steps of the next cleaning or deployment will make.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { raidObjection } from '@bessemer/protocol/raid/target-config';

import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

export const raidRoute = (parts: ApiParts): Route => ({
  method: 'PUT',
  path: '/v1/nodes/:ident/states/raid',
  rule: 'baremetal:node:set_raid_state',
  asked: 'with-object',
  since: 'raid',
  statusBelow: 406,
  handle: async (request, reply) => {
    const node = await requireNode(parts, request);
    const target = requireObjectBody(request);
    const objection = Object.keys(target).length === 0 ? undefined : raidObjection(target);
    if (objection !== undefined) {
      throw new Refusal(400, `RAID config validation error: ${objection}`);
    }
    await parts.conductor.setTargetRaid(node.uuid, target);
    return reply.code(204).send();
  },
});
