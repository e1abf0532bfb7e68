// An agent that forgot what it was told was started again, and not by us: by hand, by a watchdog, or by somebody who
// wants to be taken for it. Whatever runs there now is not the boot that we caused.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { findOpenSession, suspectSession } from '#store/agent-sessions';

import { type EventParts, noteEvent } from '../trust-events.ts';

export const noteRestart = (parts: EventParts, nodeUuid: NodeUuid): Promise<void> =>
  parts.store.transaction(async (transaction) => {
    const session = await findOpenSession(transaction, nodeUuid);
    if (session === undefined || !(await suspectSession(transaction, session.id))) return;
    await noteEvent(transaction, parts, {
      name: 'agent.restarted',
      nodeUuid,
      sessionId: session.id,
      bootNumber: session.bootNumber,
      source: session.address ?? undefined,
      outcome: 'changed',
    });
  });
