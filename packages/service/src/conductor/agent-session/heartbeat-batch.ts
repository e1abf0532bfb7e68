// Stores accepted heartbeats: those that arrive while a transaction is being committed wait together for the next
// one, so that a thousand agents cost one write to the disk and not a thousand.

import type { StatementSync } from 'node:sqlite';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import {
  type AgentSessionRecord,
  type AgentSessionRow,
  bindSession,
  findOpenSession,
  touchSession,
  wasTokenOf,
} from '#store/agent-sessions';
import type { Queryable } from '#store/database';
import { wakeWorkflow } from '#store/workflows';
import type { Binding, HeartbeatDecision } from '#trust/agent-token/decide-heartbeat';

import type { ConductorParts } from '../conductor-parts.ts';

/** The part of a session that heartbeats are judged by. */
export type HeartbeatSession = Pick<
  AgentSessionRecord,
  | 'id'
  | 'nodeUuid'
  | 'bootNumber'
  | 'route'
  | 'state'
  | 'tokenHash'
  | 'pin'
  | 'callbackUrl'
  | 'address'
  | 'trustLevel'
  | 'isSigning'
  | 'sequence'
>;

export type AcceptedHeartbeat = {
  readonly session: HeartbeatSession;
  /** At the first good contact: what the session is bound to from now on. */
  readonly binding:
    | (Binding & { readonly callbackUrl: string; readonly agentVersion: string })
    | undefined;
  /** Number of a signed heartbeat. */
  readonly sequence: number | null;
  /** Told in the transaction that binds. */
  readonly onBound: (queryable: Queryable) => Promise<void>;
  /** The same judgement over the session as it is when the heartbeat is stored. */
  readonly judge: (session: HeartbeatSession | undefined) => HeartbeatDecision;
};

type OpenBatch = {
  readonly queryable: Queryable;
  readonly nowMs: number;
  /** What is told at the end of the transaction: the end of the audit log is held by one at a time. */
  readonly last: ((queryable: Queryable) => Promise<void>)[];
};

type Waiting = {
  readonly nodeUuid: NodeUuid;
  /** Whether a workflow waits for it. */
  readonly write: (open: OpenBatch) => Promise<boolean>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export type HeartbeatBatch = {
  readonly findSession: (nodeUuid: NodeUuid) => HeartbeatSession | undefined;
  /** Whether the node had a session with this token that is over. */
  readonly wasTokenOf: (nodeUuid: NodeUuid, tokenHash: string) => boolean | Promise<boolean>;
  readonly store: (heartbeat: AcceptedHeartbeat) => Promise<void>;
  /** An agent that was asked has answered: to the node that is the same as a heartbeat. */
  readonly seen: (session: Pick<AgentSessionRecord, 'id' | 'nodeUuid'>) => Promise<void>;
};

/** More would hold the store for longer than a request should wait. */
const BATCH_MAX = 1_000;

/** What is sealed in a session, and its certificate, are ten times as long as all that a heartbeat is judged by. */
const SESSION_SQL = `select id, boot_no, route, state, token_hash, pin, callback_url, address, trust_level,
  is_signing, seq_high from agent_session where node_uuid = ? and closed_at_ms is null`;
const SEEN_SQL = 'update agent_session set last_seen_ms = ? where id = ? and closed_at_ms is null';
const SIGNED_SQL = `update agent_session set last_seen_ms = ?, is_signing = 1, seq_high = ?
  where id = ? and closed_at_ms is null and seq_high < ?`;
const STALE_SQL = `select 1 from agent_session
  where token_hash = ? and node_uuid = ? and closed_at_ms is not null limit 1`;
const WAKE_SQL = 'update workflow set woken = 1 where node_uuid = ? and ended_ms is null';

type HotRow = Pick<
  AgentSessionRow,
  | 'id'
  | 'boot_no'
  | 'route'
  | 'state'
  | 'token_hash'
  | 'pin'
  | 'callback_url'
  | 'address'
  | 'trust_level'
  | 'is_signing'
  | 'seq_high'
>;

const sessionOf = (nodeUuid: NodeUuid, row: HotRow): HeartbeatSession => ({
  id: row.id,
  nodeUuid,
  bootNumber: row.boot_no,
  route: row.route as HeartbeatSession['route'],
  state: row.state as HeartbeatSession['state'],
  tokenHash: row.token_hash,
  pin: row.pin,
  callbackUrl: row.callback_url,
  address: row.address,
  trustLevel: row.trust_level,
  isSigning: row.is_signing !== 0,
  sequence: row.seq_high,
});

type Hot = {
  readonly session: StatementSync;
  readonly seen: StatementSync;
  readonly signed: StatementSync;
  readonly stale: StatementSync;
  readonly wake: StatementSync;
};

export const makeHeartbeatBatch = (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
): HeartbeatBatch => {
  const { store, clock } = parts;
  const { sqlite } = store;
  // Prepared once: this is the one place where a query builder would cost more than the query.
  const hot: Hot | undefined =
    sqlite === undefined
      ? undefined
      : {
          session: sqlite.prepare(SESSION_SQL),
          seen: sqlite.prepare(SEEN_SQL),
          signed: sqlite.prepare(SIGNED_SQL),
          stale: sqlite.prepare(STALE_SQL),
          wake: sqlite.prepare(WAKE_SQL),
        };
  let waiting: Waiting[] = [];
  let isFlushing = false;

  /** False when the session ended since the heartbeat was judged, or a later number was stored. */
  const touch = async (
    queryable: Queryable,
    id: string,
    nowMs: number,
    sequence: number | null,
  ): Promise<boolean> => {
    if (hot === undefined) return touchSession(queryable, id, { nowMs, sequence });
    const done =
      sequence === null ? hot.seen.run(nowMs, id) : hot.signed.run(nowMs, sequence, id, sequence);
    return done.changes > 0;
  };

  const wake = async (queryable: Queryable, nodeUuid: NodeUuid): Promise<boolean> =>
    hot === undefined ? wakeWorkflow(queryable, nodeUuid) : hot.wake.run(nodeUuid).changes > 0;

  /** The session changed since: another heartbeat bound it first, or it ended. Refused, unless still fine. */
  const judgeAgain = async (
    queryable: Queryable,
    { session, judge }: AcceptedHeartbeat,
    nowMs: number,
  ): Promise<void> => {
    const open = await findOpenSession(queryable, session.nodeUuid);
    const decision = judge(open);
    if (decision.kind === 'refuse') throw new Refusal(decision.status, decision.text);
    await touch(queryable, session.id, nowMs, decision.sequence);
  };

  /**
   * Whether a workflow waits for it. The session is looked at again under the transaction, since it was judged
   * before; throws `Refusal` when it has changed, and the rest of the batch goes on.
   */
  const writeOne = async (
    { queryable, nowMs, last }: OpenBatch,
    heartbeat: AcceptedHeartbeat,
  ): Promise<boolean> => {
    const { session, binding, sequence } = heartbeat;
    const isStored =
      binding === undefined
        ? await touch(queryable, session.id, nowMs, sequence)
        : await bindSession(queryable, session.id, { ...binding, sequence, nowMs });
    if (!isStored) await judgeAgain(queryable, heartbeat, nowMs);
    else if (binding !== undefined) last.push(heartbeat.onBound);
    return wake(queryable, session.nodeUuid);
  };

  const flush = async (): Promise<void> => {
    isFlushing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX);
      waiting = waiting.slice(BATCH_MAX);
      const nowMs = clock.wallMs();
      const woken = new Set<NodeUuid>();
      const refused = new Map<Waiting, Refusal>();
      try {
        await store.transaction(async (queryable) => {
          const open: OpenBatch = { queryable, nowMs, last: [] };
          for (const each of batch) {
            try {
              if (await each.write(open)) woken.add(each.nodeUuid);
            } catch (error) {
              if (!(error instanceof Refusal)) throw error;
              refused.set(each, error);
            }
          }
          for (const tell of open.last) await tell(queryable);
        });
        for (const each of batch) {
          const refusal = refused.get(each);
          if (refusal === undefined) each.resolve();
          else each.reject(refusal);
        }
        for (const nodeUuid of woken) nudge(nodeUuid);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isFlushing = false;
  };

  const enqueue = ({ nodeUuid, write }: Pick<Waiting, 'nodeUuid' | 'write'>): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ nodeUuid, write, resolve, reject });
      // On the next turn of the loop: whatever arrived in this one goes along.
      if (!isFlushing) {
        isFlushing = true;
        setImmediate(() => void flush());
      }
    });

  return {
    findSession: (nodeUuid) => {
      const row = hot?.session.get(nodeUuid);
      return row === undefined ? undefined : sessionOf(nodeUuid, row as HotRow);
    },
    wasTokenOf: (nodeUuid, tokenHash) =>
      hot === undefined
        ? wasTokenOf(store.db, nodeUuid, tokenHash)
        : hot.stale.get(tokenHash, nodeUuid) !== undefined,
    store: (heartbeat) =>
      enqueue({
        nodeUuid: heartbeat.session.nodeUuid,
        write: (open) => writeOne(open, heartbeat),
      }),
    seen: ({ id, nodeUuid }) =>
      enqueue({
        nodeUuid,
        write: async ({ queryable, nowMs }) =>
          (await touch(queryable, id, nowMs, null)) && wake(queryable, nodeUuid),
      }),
  };
};
