// What an administrator may do with the sessions of a node: look at them, open a window by hand, take the trust away.

import { randomUUID } from 'node:crypto';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { stateRow } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import {
  extendWindow,
  listSessionsOfNode,
  revokeSession,
  type ShownSession,
} from '#store/agent-session-history';
import {
  closeSession,
  findOpenSession,
  insertSession,
  nextBootNumber,
} from '#store/agent-sessions';
import type { Queryable } from '#store/database';
import { claimLease, releaseLease } from '#store/leases';
import { findOpenWorkflow, updateWorkflow, wakeWorkflow } from '#store/workflows';

import { revokeBootMedia } from '../boot-media.ts';
import { sessionWish } from '../boot-ramdisk/session-wish.ts';
import { waitForAgent } from '../boot-ramdisk/wait-for-agent.ts';
import type { AgentSessionReport, SessionCaller } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { revokeNetworkBoots } from '../network-boots.ts';
import { nodeLocked, requireNode } from '../provision/request-provision.ts';
import { noteEvent, tokenMark } from '../trust-events.ts';

/** Older ones are in the audit log. */
const SESSIONS_SHOWN = 20;

const timeText = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

const reportOf = (session: ShownSession): AgentSessionReport => ({
  id: session.id,
  boot_no: session.boot_no,
  route: session.route,
  transport: session.transport,
  cause: session.cause,
  state: session.state,
  trust_level: session.trust_level,
  window_opened: timeText(session.window_opened_ms),
  window_closes: timeText(session.window_closes_ms),
  token: session.token_hash === null ? null : tokenMark(session.token_hash),
  given_at: timeText(session.given_at_ms),
  given_to: session.given_to,
  masked_lookups: session.masked_lookups,
  bound_at: timeText(session.bound_at_ms),
  pin: session.pin,
  pin_source: session.pin_source,
  agent_url: session.callback_url,
  agent_version: session.agent_version,
  last_seen: timeText(session.last_seen_ms),
  media_boots: session.media_boots,
  closed_at: timeText(session.closed_at_ms),
  close_reason: session.close_reason,
});

export const agentSessions = async (
  parts: ConductorParts,
  uuid: NodeUuid,
): Promise<readonly AgentSessionReport[]> =>
  (await listSessionsOfNode(parts.store.db, uuid, SESSIONS_SHOWN)).map(reportOf);

const aboutCaller = (caller: SessionCaller) => ({
  source: caller.sourceAddress,
  requestId: caller.requestId,
});

/**
 * From this moment on no heartbeat is believed, no command is sent and no file of the boot is served; the work that
 * relied on the agent fails, and its failure brings the machine to rest.
 */
export const revokeAgentSession = async (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
  uuid: NodeUuid,
  caller: SessionCaller & { readonly reason: string | undefined },
): Promise<void> => {
  const { store, clock, bootHost, log } = parts;
  const { reason = 'by request', user } = caller;
  await store.transaction(async (transaction) => {
    const nowMs = clock.wallMs();
    const session = await revokeSession(transaction, uuid, { reason, nowMs });
    if (session === undefined) {
      throw new Refusal(400, `Node ${uuid} has no agent session to revoke.`);
    }
    await revokeBootMedia(transaction, uuid, nowMs);
    await revokeNetworkBoots(transaction, uuid, nowMs);
    await wakeWorkflow(transaction, uuid);
    await noteEvent(transaction, parts, {
      name: 'agent.session.revoked',
      nodeUuid: uuid,
      sessionId: session.id,
      bootNumber: session.bootNumber,
      ...aboutCaller(caller),
      outcome: 'changed',
      detail: { reason, user, state: session.state },
    });
  });
  nudge(uuid);
  try {
    await bootHost?.remove(uuid);
  } catch (error) {
    // The rows are revoked, and the boot host is brought in line with them later.
    log.warn({ err: error, node: uuid }, 'the boot files could not be withdrawn yet');
  }
};

/** A window for a boot that is already going on: the machine is not known to have been off before it. */
const insertWindow = async (
  transaction: Queryable,
  parts: ConductorParts,
  window: { readonly nodeUuid: NodeUuid; readonly trustLevel: number; readonly nowMs: number },
): Promise<{ readonly sessionId: string; readonly bootNumber: number }> => {
  const { nodeUuid, trustLevel, nowMs } = window;
  await closeSession(transaction, nodeUuid, { reason: 'superseded', nowMs });
  const sessionId = randomUUID();
  const bootNumber = await nextBootNumber(transaction, nodeUuid);
  await insertSession(transaction, {
    id: sessionId,
    nodeUuid,
    bootNumber,
    route: 'lookup',
    transport: 'network',
    cause: 'request',
    state: 'OPEN',
    windowOpenedMs: nowMs,
    windowClosesMs: nowMs + parts.options.lookupWindowMs,
    trustLevel,
  });
  return { sessionId, bootNumber };
};

/** While a step waits for the agent of a network boot. Its own deadline stays. */
export const openAgentWindow = async (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
  uuid: NodeUuid,
  caller: SessionCaller,
): Promise<void> => {
  const { store, clock, drivers, options } = parts;
  await store.transaction(async (transaction) => {
    const node = await requireNode(transaction, uuid);
    const wish = sessionWish(node, drivers.driverOf(node), options);
    if (wish.route !== 'lookup') {
      throw new Refusal(
        400,
        `Node ${uuid} gets its token with its boot medium, not by a lookup; there is no window to open.`,
      );
    }
    const workflow = await findOpenWorkflow(transaction, uuid);
    const step = workflow?.plan[workflow.cursor]?.name;
    const isAwaited = step === waitForAgent.name && workflow?.state === 'waiting';
    if (workflow === undefined || !isAwaited || !stateRow(node.provisionState).isLookupAllowed) {
      throw new Refusal(400, `Node ${uuid} is not waiting for an agent.`);
    }
    const nowMs = clock.wallMs();
    const owner = `${options.hostname}/window`;
    const fence = await claimLease(transaction, uuid, { owner, nowMs, leaseMs: options.leaseMs });
    if (fence === undefined) throw nodeLocked(node, options.hostname);
    const open = await findOpenSession(transaction, uuid);
    const isKept =
      open?.state === 'OPEN' &&
      (await extendWindow(transaction, open.id, nowMs + options.lookupWindowMs));
    const session = isKept
      ? { sessionId: open.id, bootNumber: open.bootNumber }
      : await insertWindow(transaction, parts, {
          nodeUuid: uuid,
          trustLevel: wish.trustLevel,
          nowMs,
        });
    await updateWorkflow(transaction, workflow, fence, {
      context: { ...workflow.context, ...session },
      isWoken: true,
    });
    await releaseLease(transaction, uuid, fence);
    await noteEvent(transaction, parts, {
      name: 'agent.window.opened',
      nodeUuid: uuid,
      ...session,
      ...aboutCaller(caller),
      outcome: 'changed',
      detail: { user: caller.user },
    });
  });
  nudge(uuid);
};
