// Tells the agent which node it is and gives it a token that was never on a medium.

import { type BessemerConfig, type NodeInfo } from '@bessemer/protocol/agent/trust';
import type { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import { maskInstanceInfo, maskSecrets } from '@bessemer/protocol/node/mask';

import { dropPendingToken, storePendingToken } from '#store/polled-sessions';
import { makeToken, sealToken } from '#trust/agent-token/grant';
import type { Secret } from '#trust/secret';

import { lookupConfig } from '../agent-session/lookup.ts';
import { LeaseLost } from '../workflow/lease-lost.ts';
import { isTokenAlive } from './agent-contact.ts';
import { type PendingToken, type Rotation, rotateToken } from './rotate-token.ts';
import { answerOf, identityOf, statusOf, type Talk, withToken } from './talk.ts';

const nodeInfo = ({ job, session }: Talk, token: Secret<string>): NodeInfo => {
  const { node, parts } = job;
  const bessemer: BessemerConfig = {
    session: session.id,
    boot_number: session.bootNumber,
    trust: { signatures: true, client_certificate: parts.identity !== undefined },
  };
  return {
    node: {
      uuid: node.uuid,
      properties: node.properties,
      instance_info: maskInstanceInfo(node.instanceInfo),
      driver_internal_info: maskSecrets(node.driverInternalInfo),
    },
    config: {
      ...lookupConfig(parts, node),
      agent_token: token.reveal(),
      bessemer,
    },
  };
};

/** Stock agents are never in the mode in which they take it. */
const isUnsupported = (error: unknown): boolean =>
  (statusOf(error) === 400 || statusOf(error) === 404) &&
  /standalone mode|unknown command|extension/i.test((error as Failure).message);

/** `left` is what an earlier try stored, when it is not in use. */
export const changeToken = (
  talk: Talk,
  token: Secret<string>,
  left?: PendingToken,
): Promise<Rotation> => {
  const { job, session, agent } = talk;
  const { store, keys } = job.parts;
  return rotateToken(
    {
      makeToken,
      storePending: async (pending) => {
        const sealed = sealToken(keys, pending.token, identityOf(session));
        const stored = { hash: pending.hash, sealed };
        if (await storePendingToken(store.db, session, job.fence, stored)) return;
        throw new LeaseLost(session.nodeUuid);
      },
      dropPending: ({ hash }) => dropPendingToken(store.db, session.id, hash),
      send: async (pending) => {
        try {
          const params = { node_info: nodeInfo(talk, pending.token) as unknown as JsonObject };
          const result = await withToken(talk, token, (client) =>
            client.send('poll.set_node_info', params, { isWaiting: true }),
          );
          answerOf(result);
          return 'taken';
        } catch (error) {
          if (isUnsupported(error)) return 'unsupported';
          throw error;
        }
      },
      isAlive: (pending) => isTokenAlive(agent.connection, pending.token, job.fence),
    },
    left,
  );
};
