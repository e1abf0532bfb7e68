// Sessions of agents that are polled: their first contact, the change of their token in two phases, and which of
// them are to be polled next. A pending token is one that was made and is not known to be in use; the token itself
// changes in one statement, so there is never a moment without one, or with two.

import { sql } from 'kysely';

import { type AgentSessionRecord, sessionOfRow } from './agent-sessions.ts';
import type { Queryable } from './database.ts';

type Held = Pick<AgentSessionRecord, 'id' | 'nodeUuid'>;

/** False when the lease is no longer the caller's, or the session ended. */
export const storePendingToken = async (
  queryable: Queryable,
  session: Held,
  fence: number,
  pending: { readonly hash: string; readonly sealed: string },
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({ pending_token_hash: pending.hash, pending_token_sealed: pending.sealed })
    .where('id', '=', session.id)
    .where('closed_at_ms', 'is', null)
    .where((where) =>
      where.exists(
        where
          .selectFrom('lease')
          .select('node_uuid')
          .where('node_uuid', '=', session.nodeUuid)
          .where('fence', '=', fence),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** The token that was tried is not in use: the old one stands. */
export const dropPendingToken = async (
  queryable: Queryable,
  sessionId: string,
  hash: string,
): Promise<void> => {
  await queryable
    .updateTable('agent_session')
    .set({ pending_token_hash: null, pending_token_sealed: null })
    .where('id', '=', sessionId)
    .where('pending_token_hash', '=', hash)
    .execute();
};

/** The pending token is the token from now on; the old one is destroyed. */
export const promotePendingToken = async (
  queryable: Queryable,
  sessionId: string,
  hash: string,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set((expression) => ({
      token_hash: expression.ref('pending_token_hash'),
      token_sealed: expression.ref('pending_token_sealed'),
      pending_token_hash: null,
      pending_token_sealed: null,
    }))
    .where('id', '=', sessionId)
    .where('pending_token_hash', '=', hash)
    .where('closed_at_ms', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** First good contact. False when the session ended, or was bound, meanwhile. */
export const bindPolledSession = async (
  queryable: Queryable,
  sessionId: string,
  binding: {
    readonly callbackUrl: string;
    readonly address: string;
    readonly agentVersion: string;
    readonly startedAtMs: number;
    /** It proved the token, so it is an agent that knows signatures. */
    readonly isProven: boolean;
    readonly nowMs: number;
  },
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({
      state: 'BOUND',
      callback_url: binding.callbackUrl,
      address: binding.address,
      agent_version: binding.agentVersion,
      agent_started_at_ms: binding.startedAtMs,
      is_signing: Number(binding.isProven),
      bound_at_ms: binding.nowMs,
      last_seen_ms: binding.nowMs,
    })
    .where('id', '=', sessionId)
    .where('state', '=', 'SEALED')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** Who answers is not believed any more. False when somebody else said so first, or the boot is over. */
export const suspectPolledSession = async (
  queryable: Queryable,
  sessionId: string,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({ state: 'SUSPECT' })
    .where('id', '=', sessionId)
    .where('state', 'in', ['SEALED', 'BOUND'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** The node is asked for row by row: joined, an engine may begin with it, and sort all sessions for each page. */
const pollable = (queryable: Queryable, states: readonly string[]) =>
  queryable
    .selectFrom('agent_session')
    .where('closed_at_ms', 'is', null)
    // Written out, not bound: only so does the engine see that its index of polled sessions fits.
    .where('state', '=', sql.lit('BOUND'))
    .where('route', '=', sql.lit('poll'))
    .where((where) =>
      where.exists(
        where
          .selectFrom('node')
          .select('node.uuid')
          .whereRef('node.uuid', '=', 'agent_session.node_uuid')
          .where('node.provision_state', 'in', states),
      ),
    );

export const countPolledSessions = async (
  queryable: Queryable,
  states: readonly string[],
): Promise<number> => {
  const row = await pollable(queryable, states)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
};

export type PollCursor = { readonly lastSeenMs: number; readonly id: string };

/** Those that were last seen at `seenUntilMs` or before, longest ago first. */
export const listSessionsToPoll = async (
  queryable: Queryable,
  states: readonly string[],
  page: {
    readonly seenUntilMs: number;
    readonly after: PollCursor | undefined;
    readonly limit: number;
  },
): Promise<readonly AgentSessionRecord[]> => {
  let query = pollable(queryable, states)
    .selectAll('agent_session')
    .where('last_seen_ms', '<=', page.seenUntilMs);
  const { after } = page;
  if (after !== undefined) {
    query = query
      .where('last_seen_ms', '>=', after.lastSeenMs)
      .where((where) =>
        where.or([
          where('last_seen_ms', '>', after.lastSeenMs),
          where('agent_session.id', '>', after.id),
        ]),
      );
  }
  const rows = await query
    .orderBy('last_seen_ms')
    .orderBy('agent_session.id')
    .limit(page.limit)
    .execute();
  return rows.map(sessionOfRow);
};
