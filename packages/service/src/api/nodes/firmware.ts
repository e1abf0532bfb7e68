// GET /v1/nodes/{node}/firmware: which of its parts have firmware, and of which version.

import { listFirmware } from '#store/firmware-components';

import { offers } from '@bessemer/protocol/microversion/features';

import type { ApiParts } from '../api-parts.ts';
import { readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';
import { pickKnown } from './pick-known.ts';

const BASE = [
  'component',
  'initial_version',
  'current_version',
  'last_version_flashed',
  'created_at',
  'updated_at',
] as const;
const WITH_IDENTITY = [...BASE, 'vendor', 'model', 'serial_number'] as const;

export const firmwareRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/nodes/:ident/firmware',
  rule: 'baremetal:node:firmware:get',
  asked: 'with-object',
  since: 'firmware',
  handle: async (request, reply) => {
    const node = await requireNode(parts, request);
    const query = readQuery(request, ['fields']);
    const known = offers(request.minor, 'firmware-identity') ? WITH_IDENTITY : BASE;
    const names = pickKnown(query['fields'], known) ?? known;
    const rows = await listFirmware(parts.store.db, node.uuid);
    const firmware = rows.map((row) =>
      Object.fromEntries(
        known.filter((name) => names.includes(name)).map((name) => [name, row[name]]),
      ),
    );
    return reply.header('content-type', 'application/json').send(JSON.stringify({ firmware }));
  },
});
