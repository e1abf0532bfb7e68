// DELETE /v1/nodes/{node}.

import type { FastifyRequest } from 'fastify';

import { deleteNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';

import { authorize, may } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiOptions, ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';
import { refuseLocked, requireNode } from './find-node.ts';

export const deleteNodeRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/nodes/:ident',
  rule: 'baremetal:node:delete',
  asked: 'with-object',
  handle: async (request, reply) => {
    const node = await requireNode(parts, request, 'baremetal:node:get');
    await authorizeDeletion(parts, request, node);
    refuseKept(node, parts.options);
    const isDeleted = await parts.store.transaction((trx) => deleteNode(trx, node.uuid, node));
    if (!isDeleted) {
      throw new Refusal(
        409,
        `Node ${node.uuid} was changed by another request meanwhile, please retry.`,
      );
    }
    return reply.code(204).send();
  },
});

/** Who may delete any node, or else those that their own project owns. */
const authorizeDeletion = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
): Promise<void> => {
  const isOwn = parts.options.canProjectsManageOwnNodes;
  const target = nodeTarget(node);
  if (isOwn && (await may(parts, request, 'baremetal:node:delete:self_owned_node', target))) return;
  await authorize(parts, request, 'baremetal:node:delete', target);
};

const refuseKept = (node: NodeRecord, options: ApiOptions): void => {
  if (node.protected) {
    throw new Refusal(
      403,
      `Node ${node.uuid} is protected and can not be undeployed, rebuilt or deleted, reason: ${node.protectedReason ?? 'not given'}`,
    );
  }
  refuseLocked(node);
  if (node.maintenance) return;
  if (node.instanceUuid !== null) {
    throw new Refusal(409, `Node ${node.uuid} is associated with instance ${node.instanceUuid}.`);
  }
  const isDeletable =
    stateRow(node.provisionState).isDeletable &&
    (node.provisionState !== 'available' || options.isDeletingAvailableAllowed);
  if (isDeletable) return;
  throw new Refusal(
    409,
    `Can not delete node "${node.uuid}" while it is in provision state "${node.provisionState}". ` +
      'Valid provision states to perform deletion are: manageable, enroll, adopt failed, available',
  );
};
