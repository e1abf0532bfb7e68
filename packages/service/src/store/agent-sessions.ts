// Agent sessions: one boot of an agent on one node. One that is not closed a node; closing one destroys what was
// sealed in the same statement and keeps the hash, so that late use can be told from guessing.

import type { Selectable } from 'kysely';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { onceBuilt } from './once-built.ts';
import type { AgentSessionTable } from './schema.ts';

export type AgentSessionState =
  | 'OPEN'
  | 'SEALED'
  | 'GIVEN'
  | 'BOUND'
  | 'SUSPECT'
  | 'REVOKED'
  | 'CLOSED';

export type AgentSessionRecord = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly bootNumber: number;
  readonly route: 'lookup' | 'vmedia' | 'poll';
  readonly state: AgentSessionState;
  readonly windowOpenedMs: number;
  readonly windowClosesMs: number;
  readonly tokenHash: string | null;
  readonly tokenSealed: string | null;
  readonly certificate: string | null;
  readonly pin: string | null;
  readonly callbackUrl: string | null;
  readonly address: string | null;
  readonly agentVersion: string | null;
  readonly lastSeenMs: number | null;
  readonly trustLevel: number;
  readonly transport: 'vmedia' | 'network';
  /** The agent signs its heartbeats, so that an unsigned one is not its own. */
  readonly isSigning: boolean;
  /** Highest number of a signed heartbeat so far. */
  readonly sequence: number;
  /** Where the token was given to at a first lookup. */
  readonly givenTo: string | null;
  readonly givenAtMs: number | null;
  readonly boundAtMs: number | null;
  /** How many boots from the same medium we caused after the first. */
  readonly mediaBoots: number;
  /** A token that was sent to the agent and is not known to be in use yet. */
  readonly pendingTokenHash: string | null;
  readonly pendingTokenSealed: string | null;
  readonly agentStartedAtMs: number | null;
};

export type AgentSessionRow = Selectable<AgentSessionTable>;

export const sessionOfRow = (row: AgentSessionRow): AgentSessionRecord => ({
  id: row.id,
  nodeUuid: row.node_uuid as NodeUuid,
  bootNumber: row.boot_no,
  route: row.route as AgentSessionRecord['route'],
  state: row.state as AgentSessionState,
  windowOpenedMs: row.window_opened_ms,
  windowClosesMs: row.window_closes_ms,
  tokenHash: row.token_hash,
  tokenSealed: row.token_sealed,
  certificate: row.certificate,
  pin: row.pin,
  callbackUrl: row.callback_url,
  address: row.address,
  agentVersion: row.agent_version,
  lastSeenMs: row.last_seen_ms,
  trustLevel: row.trust_level,
  transport: row.transport as AgentSessionRecord['transport'],
  isSigning: row.is_signing !== 0,
  sequence: row.seq_high,
  givenTo: row.given_to,
  givenAtMs: row.given_at_ms,
  boundAtMs: row.bound_at_ms,
  mediaBoots: row.media_boots,
  pendingTokenHash: row.pending_token_hash,
  pendingTokenSealed: row.pending_token_sealed,
  agentStartedAtMs: row.agent_started_at_ms,
});

const openSessions = onceBuilt((queryable, { nodeUuid }: { readonly nodeUuid: NodeUuid }) =>
  queryable
    .selectFrom('agent_session')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .where('closed_at_ms', 'is', null),
);

export const findOpenSession = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<AgentSessionRecord | undefined> => {
  const [row] = (await openSessions(queryable, { nodeUuid })).rows;
  return row === undefined ? undefined : sessionOfRow(row);
};

/** The boot number that the node's next session gets. */
export const nextBootNumber = async (queryable: Queryable, nodeUuid: NodeUuid): Promise<number> => {
  const row = await queryable
    .selectFrom('agent_session')
    .select((select) => select.fn.max('boot_no').as('last'))
    .where('node_uuid', '=', nodeUuid)
    .executeTakeFirst();
  return (row?.last ?? 0) + 1;
};

export type NewAgentSession = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly bootNumber: number;
  readonly route: AgentSessionRecord['route'];
  readonly cause: string;
  readonly transport?: AgentSessionRecord['transport'];
  readonly windowOpenedMs: number;
  readonly windowClosesMs: number;
  readonly trustLevel: number;
} & (
  | {
      /** The medium holds a token and a key. */
      readonly state: 'SEALED';
      readonly tokenHash: string;
      readonly tokenSealed: string;
      readonly keySealed: string;
      readonly certificate: string;
      readonly pin: string;
    }
  /** Token and key come with the first lookup. */
  | { readonly state: 'OPEN' }
);

export const insertSession = async (
  queryable: Queryable,
  session: NewAgentSession,
): Promise<void> => {
  await queryable
    .insertInto('agent_session')
    .values({
      id: session.id,
      node_uuid: session.nodeUuid,
      boot_no: session.bootNumber,
      route: session.route,
      cause: session.cause,
      state: session.state,
      window_opened_ms: session.windowOpenedMs,
      window_closes_ms: session.windowClosesMs,
      transport: session.transport ?? 'vmedia',
      ...(session.state === 'SEALED'
        ? {
            token_hash: session.tokenHash,
            token_sealed: session.tokenSealed,
            key_sealed: session.keySealed,
            certificate: session.certificate,
            pin: session.pin,
            pin_source: 'vmedia',
          }
        : {}),
      trust_level: session.trustLevel,
      masked_lookups: 0,
      seq_high: 0,
    })
    .execute();
};

/**
 * Closes the session that the node has, or the one that is named if it is still in that state; nothing sealed
 * survives. False when there was none.
 */
export const closeSession = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  close: {
    readonly reason: string;
    readonly nowMs: number;
    readonly only?: { readonly id: string; readonly state: AgentSessionState };
  },
): Promise<boolean> => {
  const { only } = close;
  let query = queryable
    .updateTable('agent_session')
    .set({
      state: 'CLOSED',
      token_sealed: null,
      key_sealed: null,
      pending_token_sealed: null,
      closed_at_ms: close.nowMs,
      close_reason: close.reason,
    })
    .where('node_uuid', '=', nodeUuid)
    .where('closed_at_ms', 'is', null);
  if (only !== undefined) query = query.where('id', '=', only.id).where('state', '=', only.state);
  const result = await query.executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

export type GivenToken = {
  readonly tokenHash: string;
  readonly tokenSealed: string;
  readonly to: string;
  readonly nowMs: number;
  readonly trustLevel: number;
  /** Known when the agent proved that it holds the key. */
  readonly pin: string | null;
};

const tokenUpdate = (isProved: boolean) =>
  onceBuilt((queryable, given: GivenToken & { readonly sessionId: string }) =>
    queryable
      .updateTable('agent_session')
      .set({
        state: 'GIVEN',
        token_hash: given.tokenHash,
        token_sealed: given.tokenSealed,
        given_to: given.to,
        given_at_ms: given.nowMs,
        trust_level: given.trustLevel,
        ...(isProved ? { pin: given.pin, pin_source: 'lookup_proof', is_signing: 1 } : {}),
      })
      .where('id', '=', given.sessionId)
      .where('state', '=', 'OPEN'),
  );

const giveToProved = tokenUpdate(true);
const giveToUnproved = tokenUpdate(false);

/**
 * The first lookup of a boot: its token exists from now on. False when another lookup was first, or the session ended:
 * nothing was changed then.
 */
export const giveToken = async (
  queryable: Queryable,
  sessionId: string,
  given: GivenToken,
): Promise<boolean> => {
  const give = given.pin === null ? giveToUnproved : giveToProved;
  const { numAffectedRows = 0n } = await give(queryable, { ...given, sessionId });
  return numAffectedRows > 0n;
};

/** First good contact: fixes callback, address and key. False when the session was closed or bound meanwhile. */
export const bindSession = async (
  queryable: Queryable,
  sessionId: string,
  binding: {
    readonly callbackUrl: string;
    readonly address: string;
    readonly agentVersion: string;
    readonly pin: string | null;
    readonly trustLevel: number;
    /** Number of a signed contact; null for an agent that does not sign. */
    readonly sequence: number | null;
    readonly nowMs: number;
  },
): Promise<boolean> => {
  const { pin, sequence } = binding;
  const result = await queryable
    .updateTable('agent_session')
    .set((expression) => ({
      state: 'BOUND',
      callback_url: binding.callbackUrl,
      address: binding.address,
      agent_version: binding.agentVersion,
      trust_level: binding.trustLevel,
      pin,
      pin_source: expression.fn.coalesce('pin_source', expression.val('first_heartbeat')),
      bound_at_ms: binding.nowMs,
      last_seen_ms: binding.nowMs,
      ...(sequence === null ? {} : { is_signing: 1, seq_high: sequence }),
    }))
    .where('id', '=', sessionId)
    .where('state', 'in', ['SEALED', 'GIVEN'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** A later good contact. False when the session ended, or a later number was seen. */
export const touchSession = async (
  queryable: Queryable,
  sessionId: string,
  seen: { readonly nowMs: number; readonly sequence: number | null },
): Promise<boolean> => {
  const { nowMs, sequence } = seen;
  let query = queryable
    .updateTable('agent_session')
    .set({
      last_seen_ms: nowMs,
      ...(sequence === null ? {} : { is_signing: 1, seq_high: sequence }),
    })
    .where('id', '=', sessionId)
    .where('closed_at_ms', 'is', null);
  if (sequence !== null) query = query.where('seq_high', '<', sequence);
  const result = await query.executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

/** Whether the node had a session with this token that is over. */
export const wasTokenOf = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  tokenHash: string,
): Promise<boolean> => {
  const row = await queryable
    .selectFrom('agent_session')
    .select('id')
    .where('token_hash', '=', tokenHash)
    .where('node_uuid', '=', nodeUuid)
    .where('closed_at_ms', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};

/** Two spoke for one boot: neither is believed from now on. False when nobody is believed in it, or the boot is over. */
export const suspectSession = async (queryable: Queryable, sessionId: string): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({ state: 'SUSPECT' })
    .where('id', '=', sessionId)
    .where('state', 'in', ['GIVEN', 'BOUND'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

const oneMaskedMore = onceBuilt((queryable, { sessionId }: { readonly sessionId: string }) =>
  queryable
    .updateTable('agent_session')
    .set((expression) => ({ masked_lookups: expression('masked_lookups', '+', 1) }))
    .where('id', '=', sessionId),
);

export const countMaskedLookup = async (queryable: Queryable, sessionId: string): Promise<void> => {
  await oneMaskedMore(queryable, { sessionId });
};
