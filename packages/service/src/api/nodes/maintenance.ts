// PUT and DELETE /v1/nodes/{node}/maintenance.

import { isoTime } from '#clock';
import { type NodeChanges, updateNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { readArguments, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';

/** Longer reasons belong in a ticket. */
const REASON_CHARS_MAX = 4_096;

export const maintenanceRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'PUT',
    path: '/v1/nodes/:ident/maintenance',
    rule: 'baremetal:node:set_maintenance',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { reason = null } = readArguments(request, ['reason']);
      const isRight = reason === null || typeof reason === 'string';
      if (!isRight || (reason?.length ?? 0) > REASON_CHARS_MAX) {
        throw new Refusal(400, `Expected string for reason: ${shown(reason)}`);
      }
      await write(parts, node.uuid, { maintenance: true, maintenanceReason: reason });
      return reply.code(202).send();
    },
  },
  {
    method: 'DELETE',
    path: '/v1/nodes/:ident/maintenance',
    rule: 'baremetal:node:clear_maintenance',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      await write(parts, node.uuid, { maintenance: false, maintenanceReason: null, fault: null });
      return reply.code(202).send();
    },
  },
];

/** Allowed at any time: it is what people do when something has gone wrong. */
const write = async (
  parts: ApiParts,
  uuid: Parameters<typeof updateNode>[1],
  changes: NodeChanges,
): Promise<void> => {
  await updateNode(parts.store.db, uuid, {
    ...changes,
    updatedAt: isoTime(parts.clock.wallMs()),
  });
};
