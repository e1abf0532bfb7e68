// PATCH of a port.

import { parsePatch } from '@bessemer/protocol/node/patch';
import { PORT } from '@bessemer/protocol/port/fields';

import type { ApiParts } from '../api-parts.ts';
import { patchOwned, requireOwned } from '../resource/owned-resource.ts';
import { sendResource } from '../resource/send-resource.ts';
import { refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { hasPortNames, PORTS } from './port-resource.ts';
import { refuseClosedPort, refuseUnfit } from './port-rules.ts';

export const patchPortRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/ports/:ident',
  rule: 'baremetal:port:update',
  asked: 'with-object',
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(PORT, operations, request.minor);
    const seen = await requireOwned(parts, request, PORTS, hasPortNames(request));
    const port = await patchOwned(
      parts,
      request,
      PORTS,
      seen,
      operations,
      async (queryable, node, { before, changes, after }) => {
        refuseClosedPort(node, before, changes, request.minor);
        await refuseUnfit(queryable, after, before);
      },
    );
    return sendResource(request, reply, PORTS, port);
  },
});
