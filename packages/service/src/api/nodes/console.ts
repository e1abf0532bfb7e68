// /v1/nodes/{node}/states/console: whether there is a console to look at, and where.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { asFlag, readArguments } from '../query.ts';
import type { Route } from '../route.ts';
import { identOf, requireNode } from './find-node.ts';

const PATH = '/v1/nodes/:ident/states/console';

export const consoleRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: PATH,
    rule: 'baremetal:node:get_console',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const console = await parts.conductor.fetchConsole(node.uuid);
      const body = { console_enabled: console !== undefined, console_info: console ?? null };
      return reply.header('content-type', 'application/json').send(JSON.stringify(body));
    },
  },
  {
    method: 'PUT',
    path: PATH,
    rule: 'baremetal:node:set_console_state',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { enabled } = readArguments(request, ['enabled']);
      const isEnabled = asFlag('enabled', enabled);
      if (isEnabled === undefined) {
        throw new Refusal(400, 'Missing mandatory parameter: enabled');
      }
      await parts.conductor.setConsole(node.uuid, isEnabled);
      return reply
        .code(202)
        .header('location', `${request.base}/v1/nodes/${identOf(request)}/states/console`)
        .send();
    },
  },
];
