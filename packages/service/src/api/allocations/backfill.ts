// Which node an allocation may be written down for after the fact: one that is in use, and belongs to no other.

import type { Transaction } from 'kysely';

import { holdNode } from '#store/held-node';
import type { Schema } from '#store/schema';

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { refuseLocked } from '../nodes/find-node.ts';
import { nodeUnknown } from './asked-nodes.ts';

/** An empty `resourceClass` stands for that of the node. */
export type Backfill = Pick<
  AllocationRecord,
  'uuid' | 'resourceClass' | 'traits' | 'candidateNodes' | 'owner'
>;

/** The node, held. Throws Refusal(400) or (409). */
export const holdForBackfill = async (
  transaction: Transaction<Schema>,
  wanted: Backfill,
  nodeUuid: string,
): Promise<NodeRecord> => {
  const node = await holdNode(transaction, nodeUuid);
  if (node === undefined) throw nodeUnknown(nodeUuid);
  refuseLocked(node);
  if (node.provisionState !== 'active') {
    throw unfit(node, `it is in state "${node.provisionState}" and has to be active`);
  }
  if (node.instanceUuid !== null && node.instanceUuid !== wanted.uuid) {
    throw new Refusal(409, `Node ${node.uuid} is associated with instance ${node.instanceUuid}.`);
  }
  const { resourceClass, candidateNodes, traits, owner } = wanted;
  if (resourceClass !== '' && resourceClass !== node.resourceClass) {
    throw unfit(node, `its resource class is ${node.resourceClass} and not ${resourceClass}`);
  }
  const missing = traits.filter((trait) => !node.traits.includes(trait));
  if (missing.length > 0) throw unfit(node, `it lacks the traits ${missing.join(', ')}`);
  if (candidateNodes.length > 0 && !candidateNodes.includes(node.uuid)) {
    throw new Refusal(400, `Node ${node.uuid} is not among candidate_nodes.`);
  }
  if (owner !== null && owner !== node.owner && owner !== node.lessee) {
    throw unfit(node, `project ${owner} neither owns nor leases it`);
  }
  return node;
};

const unfit = (node: NodeRecord, why: string): Refusal =>
  new Refusal(409, `Cannot create an allocation for node ${node.uuid}: ${why}.`);
