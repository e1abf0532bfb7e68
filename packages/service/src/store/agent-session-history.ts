// The sessions of a node as people see them, and how one ends by a person's word. Nothing secret is read here.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type AgentSessionRecord, findOpenSession } from './agent-sessions.ts';
import type { Queryable } from './database.ts';

const SHOWN = [
  'id',
  'boot_no',
  'route',
  'transport',
  'cause',
  'state',
  'trust_level',
  'window_opened_ms',
  'window_closes_ms',
  'token_hash',
  'given_at_ms',
  'given_to',
  'masked_lookups',
  'bound_at_ms',
  'pin',
  'pin_source',
  'callback_url',
  'agent_version',
  'last_seen_ms',
  'media_boots',
  'closed_at_ms',
  'close_reason',
] as const;

export type ShownSession = Awaited<ReturnType<typeof listSessionsOfNode>>[number];

/** Newest first. */
export const listSessionsOfNode = (queryable: Queryable, nodeUuid: NodeUuid, limit: number) =>
  queryable
    .selectFrom('agent_session')
    .select(SHOWN)
    .where('node_uuid', '=', nodeUuid)
    .orderBy('boot_no', 'desc')
    .limit(limit)
    .execute();

export type LastSession = {
  readonly id: string;
  readonly state: string;
  readonly closeReason: string | null;
};

/** The session of the newest boot, whether it is over or not. */
export const findLastSession = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<LastSession | undefined> => {
  const [last] = await listSessionsOfNode(queryable, nodeUuid, 1);
  return last && { id: last.id, state: last.state, closeReason: last.close_reason };
};

/** The token is dead from now on. Returns the session as it was; undefined when the node has none. */
export const revokeSession = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  revoke: { readonly reason: string; readonly nowMs: number },
): Promise<AgentSessionRecord | undefined> => {
  const session = await findOpenSession(queryable, nodeUuid);
  if (session === undefined) return undefined;
  const result = await queryable
    .updateTable('agent_session')
    .set({
      state: 'REVOKED',
      token_sealed: null,
      key_sealed: null,
      pending_token_sealed: null,
      closed_at_ms: revoke.nowMs,
      close_reason: revoke.reason,
    })
    .where('id', '=', session.id)
    .where('closed_at_ms', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n ? session : undefined;
};

/** False when the window is not open any more. */
export const extendWindow = async (
  queryable: Queryable,
  sessionId: string,
  closesMs: number,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({ window_closes_ms: closesMs })
    .where('id', '=', sessionId)
    .where('state', '=', 'OPEN')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** Late use of a token is told from guessing for so long. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** Call it when a newer session was stored: the boot number goes on from that one. */
export const forgetOldSessions = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  nowMs: number,
): Promise<void> => {
  await queryable
    .deleteFrom('agent_session')
    .where('node_uuid', '=', nodeUuid)
    .where('closed_at_ms', '<', nowMs - KEPT_MS)
    .execute();
};
