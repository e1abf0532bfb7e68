// POST /v1/continue_inspection: the ramdisk hands in what it found. Current agents use 1.84 or newer and are
// answered like a lookup; older ones send no version at all and get the node's UUID.

import { inventoryProblem } from '@bessemer/protocol/agent/inventory-rules';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { asNodeUuid } from '@bessemer/protocol/uuid';

import { resourceMissing } from '../error-envelope.ts';
import { readQuery, requireObjectBody } from '../query.ts';
import { INSPECTION_BODY_BYTES_MAX } from '../read-body.ts';
import type { Route } from '../route.ts';
import { noteAside } from './admission.ts';
import { lookupText } from './lookup.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

export const continueInspectionRoute = (parts: RamdiskParts): Route => ({
  method: 'POST',
  path: '/v1/continue_inspection',
  rule: 'public',
  bodyBytesMax: INSPECTION_BODY_BYTES_MAX,
  handle: async (request, reply) => {
    const isCurrent = offers(request.minor, 'continue-inspection');
    if (!isCurrent && request.minor !== 1) throw resourceMissing();
    const query = readQuery(request, isCurrent ? ['node_uuid'] : []);
    const asked = query['node_uuid'];
    const nodeUuid = asked === undefined ? undefined : asNodeUuid(asked);
    if (asked !== undefined && nodeUuid === undefined) {
      throw new Refusal(400, `Expected UUID for node_uuid: ${asked.slice(0, 100)}`);
    }
    const { inventory, ...pluginData } = requireObjectBody(request);
    const checked = requireInventory(inventory);
    const problem = inventoryProblem(checked);
    if (problem !== undefined) {
      noteAside(parts, {
        name: 'inspect.rejected',
        nodeUuid,
        source: request.ip,
        requestId: request.id,
        outcome: 'refused',
        detail: { reason: problem },
      });
      throw new Refusal(400, `The inventory was refused: ${problem}.`);
    }
    const answer = await parts.conductor.continueInspection({
      inventory: checked,
      pluginData,
      nodeUuid,
      sourceAddress: request.ip,
    });
    if (answer === undefined) throw resourceMissing();
    const text = isCurrent
      ? lookupText(answer, request.base)
      : JSON.stringify({ uuid: answer.node.uuid });
    return reply.code(202).header('content-type', 'application/json').send(text);
  },
});

const requireInventory = (inventory: unknown): JsonObject => {
  if (!isJsonObject(inventory)) {
    throw new Refusal(400, 'Missing mandatory parameter: inventory');
  }
  const { interfaces } = inventory;
  const isRight =
    Array.isArray(interfaces) &&
    interfaces.length > 0 &&
    interfaces.every((each) => isJsonObject(each) && typeof each['mac_address'] === 'string');
  if (isRight) return inventory;
  throw new Refusal(400, 'inventory must have at least one interface, each with a mac_address');
};
