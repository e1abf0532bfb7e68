// GET /v1/nodes/{node}/states: the small part of a node that clients poll.

import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeFieldName } from '@bessemer/protocol/node/fields';

import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { requireNodeView } from './find-node.ts';
import { nodeWriter } from './render-node.ts';

const BASE: readonly NodeFieldName[] = [
  'console_enabled',
  'last_error',
  'power_state',
  'provision_state',
  'target_power_state',
  'target_provision_state',
  'provision_updated_at',
];
const WITH_RAID: readonly NodeFieldName[] = [...BASE, 'raid_config', 'target_raid_config'];
const WITH_BOOT: readonly NodeFieldName[] = [...WITH_RAID, 'boot_mode', 'secure_boot'];

export const showStatesRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident/states',
  rule: 'baremetal:node:get_states',
  asked: 'with-object',
  handle: async (request, reply) => {
    const fields = fieldsAt(request.minor);
    const view = await requireNodeView(parts, request, fields);
    const text = nodeWriter(fields, request.minor)(view, request.base);
    return reply.header('content-type', 'application/json').send(text);
  },
});

const fieldsAt = (minor: number): readonly NodeFieldName[] => {
  if (offers(minor, 'boot-mode')) return WITH_BOOT;
  return offers(minor, 'raid') ? WITH_RAID : BASE;
};
