// Heartbeats. Each is checked against its session, and all that arrive together are stored in one transaction: the
// answer goes out when that is durable, and the nodes that waited are looked at.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { findOpenSession } from '#store/agent-sessions';
import { findNode } from '#store/nodes';
import { decideHeartbeat } from '#trust/agent-token/decide-heartbeat';

import type { HeartbeatRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
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

  return async (request) => {
    const nodeUuid = await nodeUuidOf(request.nodeIdent);
    const session = batch.findSession(nodeUuid) ?? (await findOpenSession(store.db, nodeUuid));
    if (session === undefined && (await findNode(store.db, nodeUuid)) === undefined) {
      throw new Refusal(404, `Node ${request.nodeIdent} could not be found.`);
    }
    const decision = decideHeartbeat(session, request, rules);
    if (decision.kind === 'refuse' || session === undefined) {
      const event = decision.kind === 'refuse' ? decision.event : 'agent.token.invalid';
      log.warn({ node: nodeUuid, source: request.sourceAddress, event }, 'heartbeat refused');
      throw new Refusal(400, decision.kind === 'refuse' ? decision.text : '');
    }
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
  };
};
