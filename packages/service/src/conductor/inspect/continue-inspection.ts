// A stock ramdisk posts its inventory instead of being asked. Only a node in `inspect wait` takes it, and only if
// the MACs are its own. The conductor asks the agent itself afterwards, over the pinned line; what is posted here
// only tells it to look.

import type { JsonValue } from '@bessemer/protocol/json';
import { isJsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { findOpenSession } from '#store/agent-sessions';
import { findNode } from '#store/nodes';
import { listPortsByAddress } from '#store/ports';
import { wakeWorkflow } from '#store/workflows';

import { maskedAnswer } from '../agent-session/lookup.ts';
import type { InspectionRequest, LookupAnswer } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';

const macOf = (card: JsonValue): string[] =>
  isJsonObject(card) && typeof card['mac_address'] === 'string'
    ? [card['mac_address'].toLowerCase()]
    : [];

export const continueInspection = async (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
  request: InspectionRequest,
): Promise<LookupAnswer | undefined> => {
  const { interfaces } = request.inventory;
  const addresses = Array.isArray(interfaces) ? interfaces.flatMap(macOf) : [];
  const ports = await listPortsByAddress(parts.store.db, addresses);
  const uuid = request.nodeUuid ?? ports[0]?.nodeUuid;
  if (uuid === undefined || ports.some((port) => port.nodeUuid !== uuid)) return undefined;
  const node = await findNode(parts.store.db, uuid);
  if (node?.provisionState !== 'inspect wait') return undefined;
  const session = await findOpenSession(parts.store.db, uuid);
  if (session === undefined || session.route === 'poll') return undefined;
  await wakeWorkflow(parts.store.db, uuid);
  nudge(uuid);
  return maskedAnswer(parts, node, session);
};
