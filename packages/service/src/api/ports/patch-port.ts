// PATCH of a port: the operations are applied to the port as it is while its node is held, so that two clients that
// patch at once both have their way.

import { isoTime } from '#clock';
import { holdNode } from '#store/held-node';
import { findPort, type PortChanges, updatePort } from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch } from '@bessemer/protocol/node/patch';
import { PORT } from '@bessemer/protocol/port/fields';
import type { PortRecord } from '@bessemer/protocol/port/record';

import { requireNodeForMove } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { refuseLocked } from '../nodes/find-node.ts';
import { readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { portMissing, refusePortConflict, requirePort, sendPort } from './find-port.ts';
import { readLink } from './link-connection.ts';
import { refuseClosedPort, refuseUnfit } from './port-rules.ts';

export const patchPortRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/ports/:ident',
  rule: 'baremetal:port:update',
  asked: 'with-object',
  handle: async (request, reply) => {
    const { minor } = request;
    const operations = parsePatch(request.body);
    refuseUnpatchable(PORT, operations, minor);
    const reading = { table: PORT, minor, readSpecial: readLink };
    const { port: seen, node } = await requirePort(parts, request);
    const asked = readPatched(reading, seen, operations) as PortChanges;
    if (asked.nodeUuid !== undefined) {
      await requireNodeForMove(parts, request, node, asked.nodeUuid);
    }

    let changes: PortChanges = {};
    const patched = await parts.store
      .transaction(async (transaction): Promise<PortRecord> => {
        const held = await holdNode(transaction, node.uuid);
        const port = await findPort(transaction, seen.uuid);
        if (held === undefined || port === undefined) throw portMissing(seen.uuid);
        changes = readPatched(reading, port, operations) as PortChanges;
        if (Object.keys(changes).length === 0) return port;
        if (port.nodeUuid !== node.uuid || changes.nodeUuid !== asked.nodeUuid) throw moved(port);
        refuseClosedPort(held, port, changes, minor);
        if (changes.nodeUuid !== undefined) {
          const target = await holdNode(transaction, changes.nodeUuid);
          if (target === undefined || target.owner !== held.owner) throw moved(port);
          refuseLocked(target);
        }
        const updatedAt = isoTime(parts.clock.wallMs());
        const after: PortRecord = { ...port, ...changes, updatedAt };
        await refuseUnfit(transaction, after, port);
        if (!(await updatePort(transaction, port, { ...changes, updatedAt }))) throw moved(port);
        return after;
      })
      .catch((error: unknown) => refusePortConflict(error, { ...seen, ...changes }));
    return sendPort(request, reply, patched);
  },
});

/** The policy was asked about another node than the port is on now. */
const moved = (port: PortRecord): Refusal =>
  new Refusal(409, `Port ${port.uuid} was changed by another request meanwhile, please retry.`);
