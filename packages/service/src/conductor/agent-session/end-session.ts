// The end of a session, told: what was sealed is destroyed, and who looks into the audit log sees why.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { closeSession, findOpenSession } from '#store/agent-sessions';
import type { Queryable } from '#store/database';

import { type EventParts, noteEvent } from '../trust-events.ts';

export type SessionEnd = 'done' | 'workflow ended' | 'superseded' | 'reboot' | 'retry' | 'recovery';

/** Last in its transaction, as every event. Nothing happens when the node has no session. */
export const endSession = async (
  transaction: Queryable,
  parts: EventParts,
  nodeUuid: NodeUuid,
  reason: SessionEnd,
): Promise<void> => {
  const session = await findOpenSession(transaction, nodeUuid);
  if (session === undefined) return;
  const nowMs = parts.clock.wallMs();
  if (!(await closeSession(transaction, nodeUuid, { reason, nowMs }))) return;
  await noteEvent(transaction, parts, {
    name: 'agent.session.closed',
    nodeUuid,
    sessionId: session.id,
    bootNumber: session.bootNumber,
    outcome: 'changed',
    detail: { reason, state: session.state },
  });
};
