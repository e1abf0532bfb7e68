// The poller over the store: which nodes are polled, and what an answer, a silence or a restart means for them. They
// are polled in the states in which an agent would call, and in no other.

import { PROVISION_STATES } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { AgentSessionRecord } from '#store/agent-sessions';
import {
  countPolledSessions,
  listSessionsToPoll,
  suspectPolledSession,
} from '#store/polled-sessions';
import { wakeWorkflow } from '#store/workflows';
import { openToken } from '#trust/agent-token/grant';

import { makeHeartbeatBatch } from '../agent-session/heartbeat-batch.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { makeEventNoter, noteEvent } from '../trust-events.ts';
import type { PollSink, PollSource, PollTarget } from './poll-target.ts';
import { makePoller, type Poller } from './poller.ts';

const POLLED_STATES = Object.entries(PROVISION_STATES)
  .filter(([, row]) => row.isLookupAllowed)
  .map(([name]) => name);

/** One lost packet is nothing. */
const SILENT_POLLS = 3;

const targetOf = (
  { keys }: Pick<ConductorParts, 'keys'>,
  session: AgentSessionRecord,
): PollTarget | undefined => {
  const { id, nodeUuid, bootNumber, callbackUrl, pin, tokenSealed } = session;
  if (callbackUrl === null || pin === null || tokenSealed === null) return undefined;
  return {
    id,
    nodeUuid,
    bootNumber,
    callbackUrl,
    pin,
    startedAtMs: session.agentStartedAtMs,
    isProven: session.isSigning,
    lastSeenMs: session.lastSeenMs ?? 0,
    openToken: () => openToken(keys, tokenSealed, { nodeUuid, sessionId: id, bootNumber }),
  };
};

export const makePollSource = (parts: Pick<ConductorParts, 'store' | 'keys'>): PollSource => ({
  count: () => countPolledSessions(parts.store.db, POLLED_STATES),
  list: async ({ seenUntilMs, after, limit }) => {
    const sessions = await listSessionsToPoll(parts.store.db, POLLED_STATES, {
      seenUntilMs,
      after,
      limit,
    });
    return sessions.map((each) => targetOf(parts, each)).filter((each) => each !== undefined);
  },
});

export const makePollSink = (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
): PollSink => {
  const batch = makeHeartbeatBatch(parts, nudge);
  const noteSeen = makeEventNoter(parts);
  const about = ({ id: sessionId, nodeUuid, bootNumber, callbackUrl }: PollTarget) => ({
    nodeUuid,
    sessionId,
    bootNumber,
    source: new URL(callbackUrl).hostname,
  });
  return {
    seen: batch.seen,
    restarted: async (target) => {
      await parts.store.transaction(async (transaction) => {
        if (!(await suspectPolledSession(transaction, target.id))) return;
        await wakeWorkflow(transaction, target.nodeUuid);
        const event = { name: 'agent.restarted', ...about(target), outcome: 'changed' } as const;
        await noteEvent(transaction, parts, event);
      });
      nudge(target.nodeUuid);
    },
    failed: async (target, failure, inARow) => {
      const event = { ...about(target), outcome: 'refused' } as const;
      if (failure.code === 'agent.key-mismatch') {
        await noteSeen({ name: 'agent.poll.pin_mismatch', ...event });
      } else if (failure.details['status'] === 401) {
        await noteSeen({ name: 'agent.poll.token_refused', ...event });
      } else if (inARow === SILENT_POLLS) {
        const detail = { reason: failure.code, polls: inARow };
        await noteSeen({ name: 'agent.poll.silent', ...event, detail });
      }
    },
  };
};

export const pollNodes = (parts: ConductorParts, nudge: (nodeUuid: NodeUuid) => void): Poller =>
  makePoller({
    source: makePollSource(parts),
    sink: makePollSink(parts, nudge),
    identity: parts.identity,
    clock: parts.clock,
    log: parts.log,
    options: { intervalMs: parts.options.pollIntervalMs },
  });
