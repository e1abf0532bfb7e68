// The sweep under measurement, behind the narrowest interface: everything that a poll of one agent is made of.

import { openAgentClient } from '../packages/service/src/conductor/agent-session/agent-client.ts';
import { findOpenSession } from '../packages/service/src/store/agent-sessions.ts';
import type { Store } from '../packages/service/src/store/database.ts';
import { wakeWorkflow } from '../packages/service/src/store/workflows.ts';
import { openToken } from '../packages/service/src/trust/agent-token/grant.ts';
import type { KeyRing } from '../packages/service/src/trust/key-ring.ts';

import type { NodeUuid } from '@bessemer/protocol/uuid';

/** As the limit of the same run. */
export const POLLS_AT_ONCE = 16;

const pollOne = async (store: Store, keys: KeyRing, nodeUuid: NodeUuid): Promise<void> => {
  const session = await findOpenSession(store.db, nodeUuid);
  if (session?.tokenSealed == null || session.callbackUrl === null) throw new Error('no session');
  const { id: sessionId, bootNumber, callbackUrl, pin } = session;
  const token = openToken(keys, session.tokenSealed, { nodeUuid, sessionId, bootNumber });
  const client = openAgentClient({
    callbackUrl,
    token,
    sessionId,
    pin,
    identity: undefined,
    fence: 0,
  });
  await client.list();
  await client.close();
  await store.transaction(async (transaction) => {
    await transaction
      .updateTable('agent_session')
      .set({ last_seen_ms: Date.now() })
      .where('id', '=', sessionId)
      .execute();
    await wakeWorkflow(transaction, nodeUuid);
  });
};

export const makeSweep = async (store: Store, keys: KeyRing): Promise<() => Promise<void>> => {
  const rows = await store.db.selectFrom('agent_session').select('node_uuid').execute();
  return async () => {
    const queue = rows.map((row) => row.node_uuid as NodeUuid);
    const worker = async (): Promise<void> => {
      for (let uuid = queue.pop(); uuid !== undefined; uuid = queue.pop()) {
        await pollOne(store, keys, uuid);
      }
    };
    await Promise.all(Array.from({ length: POLLS_AT_ONCE }, worker));
  };
};
