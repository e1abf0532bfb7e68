// Heartbeats. Each is checked against its session, and all that arrive together are stored in one transaction: the
// answer goes out when that is durable, and the nodes that waited are looked at.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';
import { findNode } from '#store/nodes';
import { decideHeartbeat } from '#trust/agent-token/decide-heartbeat';

import type { HeartbeatRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { noteBindingConflict } from './binding-conflict.ts';
import { makeHeartbeatBatch } from './heartbeat-batch.ts';

export const makeHeartbeats = (
  parts: ConductorParts,
  nudge: (nodeUuid: NodeUuid) => void,
): ((request: HeartbeatRequest) => Promise<void>) => {
  const { store, options, log } = parts;
  const batch = makeHeartbeatBatch(parts, nudge);
  const rules = {
    allowedNetworks: options.allowedNetworks,
    isLoopbackAllowed: options.isLoopbackAllowed,
    requireTls: options.requireTls,
  };

  const nodeUuidOf = async (ident: string): Promise<NodeUuid> => {
    const uuid = asNodeUuid(ident);
    const node = uuid === undefined ? await findNode(store.db, ident) : undefined;
    const found = uuid ?? node?.uuid;
    if (found === undefined) throw new Refusal(404, `Node ${ident} could not be found.`);
    return found;
  };

  /** Throws the refusal, after what it means for the session is stored. */
  const refuse = async (
    session: AgentSessionRecord | undefined,
    request: HeartbeatRequest,
    nodeUuid: NodeUuid,
    { text, event }: { readonly text: string; readonly event: string },
  ): Promise<never> => {
    log.warn({ node: nodeUuid, source: request.sourceAddress, event }, 'heartbeat refused');
    if (event === 'agent.binding.conflict' && session?.state === 'BOUND') {
      const isNew = await noteBindingConflict(parts, session, request.sourceAddress);
      if (isNew) nudge(nodeUuid);
    }
    throw new Refusal(400, text);
  };

  return async (request) => {
    const nodeUuid = await nodeUuidOf(request.nodeIdent);
    const session = batch.findSession(nodeUuid) ?? (await findOpenSession(store.db, nodeUuid));
    if (session === undefined && (await findNode(store.db, nodeUuid)) === undefined) {
      throw new Refusal(404, `Node ${request.nodeIdent} could not be found.`);
    }
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
                agentVersion: request.agentVersion ?? '',
              }
            : undefined,
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
