// Heartbeats. Each is checked against its session, and all that arrive together are stored in one transaction: the
// answer goes out when that is durable, and the nodes that waited are looked at.

import { TOKEN_PATTERN } from '@bessemer/protocol/agent/token';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { AgentEventName } from '@bessemer/protocol/events/agent-events';
import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { findOpenSession } from '#store/agent-sessions';
import type { Queryable } from '#store/database';
import { findNode } from '#store/nodes';
import {
  decideHeartbeat,
  type HeartbeatDecision,
  type HeartbeatRules,
} from '#trust/agent-token/decide-heartbeat';
import { hashOfToken } from '#trust/agent-token/grant';

import { minTrustLevelOf } from '../boot-ramdisk/session-wish.ts';
import type { HeartbeatRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { makeEventNoter, noteEvent } from '../trust-events.ts';
import { noteBindingConflict } from './binding-conflict.ts';
import { type HeartbeatSession, makeHeartbeatBatch } from './heartbeat-batch.ts';

export const makeHeartbeats = (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
): ((request: HeartbeatRequest) => Promise<void>) => {
  const { store, options, clock } = parts;
  const batch = makeHeartbeatBatch(parts, nudge);
  const note = makeEventNoter(parts);
  const shared = {
    allowedNetworks: options.allowedNetworks,
    isLoopbackAllowed: options.isLoopbackAllowed,
    requireTls: options.requireTls,
    clockSkewMs: options.clockSkewMs,
  };
  /** The node's own wish is looked at only when it counts: at the first contact. */
  const rulesFor = (
    session: HeartbeatSession | undefined,
  ): HeartbeatRules | Promise<HeartbeatRules> => {
    const rules = { ...shared, nowMs: clock.wallMs(), minTrustLevel: options.minTrustLevel };
    if (session === undefined || session.callbackUrl !== null) return rules;
    return findNode(store.db, session.nodeUuid).then((node) =>
      node === undefined ? rules : { ...rules, minTrustLevel: minTrustLevelOf(node, options) },
    );
  };

  const nodeUuidOf = async (ident: string): Promise<NodeUuid> => {
    const uuid = asNodeUuid(ident);
    const node = uuid === undefined ? await findNode(store.db, ident) : undefined;
    const found = uuid ?? node?.uuid;
    if (found === undefined) throw new Refusal(404, `Node ${ident} could not be found.`);
    return found;
  };

  const aboutOf = (
    nodeUuid: NodeUuid,
    session: HeartbeatSession | undefined,
    request: HeartbeatRequest,
  ) => ({
    nodeUuid,
    sessionId: session?.id,
    bootNumber: session?.bootNumber,
    source: request.sourceAddress,
    requestId: request.requestId,
    agentVersion: request.agentVersion,
  });

  /** A token of a boot that is over is no guess. */
  const eventOf = async (
    nodeUuid: NodeUuid,
    request: HeartbeatRequest,
    event: AgentEventName,
  ): Promise<AgentEventName> => {
    if (event !== 'agent.token.invalid' || !TOKEN_PATTERN.test(request.token ?? '')) return event;
    const hash = hashOfToken(request.token ?? '');
    return (await batch.wasTokenOf(nodeUuid, hash)) ? 'agent.token.stale_use' : event;
  };

  /** Throws the refusal, after what it means for the session is stored. */
  const refuse = async (
    session: HeartbeatSession | undefined,
    request: HeartbeatRequest,
    nodeUuid: NodeUuid,
    refused: Extract<HeartbeatDecision, { readonly kind: 'refuse' }>,
  ): Promise<never> => {
    const event = await eventOf(nodeUuid, request, refused.event);
    if (event === 'agent.binding.conflict' && session?.state === 'BOUND') {
      const isNew = await noteBindingConflict(parts, session, request.sourceAddress);
      if (isNew) nudge(nodeUuid);
    } else {
      await note({ name: event, ...aboutOf(nodeUuid, session, request), outcome: 'refused' });
    }
    throw new Refusal(refused.status, refused.text, event);
  };

  const onBound =
    (session: HeartbeatSession, request: HeartbeatRequest, trustLevel: number) =>
    async (queryable: Queryable): Promise<void> => {
      const about = aboutOf(session.nodeUuid, session, request);
      const detail = { trust_level: trustLevel, route: session.route };
      await noteEvent(queryable, parts, {
        name: 'agent.bound',
        ...about,
        outcome: 'changed',
        detail,
      });
      if (trustLevel > 0) return;
      await noteEvent(queryable, parts, {
        name: 'agent.require_tls.off',
        ...about,
        outcome: 'changed',
      });
    };

  return async (request) => {
    const nodeUuid = await nodeUuidOf(request.nodeIdent);
    const session = batch.findSession(nodeUuid) ?? (await findOpenSession(store.db, nodeUuid));
    if (session === undefined && (await findNode(store.db, nodeUuid)) === undefined) {
      throw new Refusal(404, `Node ${request.nodeIdent} could not be found.`);
    }
    const rules = await rulesFor(session);
    const decision = decideHeartbeat(session, request, rules);
    if (decision.kind === 'refuse') return refuse(session, request, nodeUuid, decision);
    if (session === undefined) throw new Error('a heartbeat without a session was believed');
    try {
      await batch.store({
        session,
        judge: (latest) => decideHeartbeat(latest, request, rules),
        binding:
          decision.kind === 'bind'
            ? {
                callbackUrl: request.callbackUrl,
                address: decision.address,
                pin: decision.pin,
                trustLevel: decision.trustLevel,
                agentVersion: request.agentVersion ?? '',
              }
            : undefined,
        sequence: decision.sequence,
        onBound: onBound(
          session,
          request,
          decision.kind === 'bind' ? decision.trustLevel : session.trustLevel,
        ),
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Another heartbeat was stored first: this one is now judged by what that one bound.
      const latest = await findOpenSession(store.db, nodeUuid);
      const again = decideHeartbeat(latest, request, rules);
      if (again.kind === 'refuse') await refuse(latest, request, nodeUuid, again);
      throw error;
    }
  };
};
