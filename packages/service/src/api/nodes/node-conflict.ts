// A broken unique index, as the API says it.

import { Conflict, isConflictOn } from '#store/errors';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

/** Throws the 409 for `error`, or `error` itself when it is something else. */
export const refuseNodeConflict = (error: unknown, node: Partial<NodeRecord>): never => {
  if (!(error instanceof Conflict)) throw error;
  if (isConflictOn(error, 'name')) {
    throw new Refusal(409, `A node with name ${node.name} already exists.`);
  }
  if (isConflictOn(error, 'instance_uuid')) {
    throw new Refusal(
      409,
      `Instance ${node.instanceUuid} is already associated with a node, it cannot be associated with this other node ${node.uuid}`,
    );
  }
  throw new Refusal(409, `A node with UUID ${node.uuid} already exists.`);
};
