// One attempt to find a node for an allocation.

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';

import { failAllocation, findAllocation, takeNode } from '#store/allocations';
import { listCandidates } from '#store/candidates';
import { Conflict } from '#store/errors';

import type { ConductorParts } from '../conductor-parts.ts';

export type AllocatorParts = Pick<ConductorParts, 'store' | 'clock' | 'log'>;

/** `ended`: there is nothing left to do. `locked`: all nodes that would do are locked now; try again soon. */
export type Attempt = 'ended' | 'locked';

/** How long nodes that are locked are waited for. */
const PATIENCE_MS = 30_000;
/** Looked at in one search; when rivals have taken all of them, there is another search. */
const CANDIDATES_MAX = 50;
/** Every further search means that fifty nodes were lost to rivals. */
const SEARCHES_MAX = 100;

export const processAllocation = async (parts: AllocatorParts, uuid: string): Promise<Attempt> => {
  const allocation = await findAllocation(parts.store.db, uuid);
  if (allocation?.state !== 'allocating') return 'ended';
  try {
    return await search(parts, allocation);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    await fail(parts, allocation, `instance ${uuid} is associated with another node`);
    return 'ended';
  }
};

const search = async (parts: AllocatorParts, allocation: AllocationRecord): Promise<Attempt> => {
  const { store, clock } = parts;
  let suitable = 0;
  for (let round = 0; round < SEARCHES_MAX; round += 1) {
    const candidates = await listCandidates(store.db, allocation, { limit: CANDIDATES_MAX });
    if (candidates.length === 0) break;
    suitable += candidates.length;
    let isLocked = false;
    for (const nodeUuid of candidates) {
      const taken = await store.transaction((transaction) =>
        takeNode(transaction, allocation, nodeUuid, clock.wallMs()),
      );
      if (taken === 'taken' || taken === 'ended') return 'ended';
      if (taken === 'node-locked') isLocked = true;
    }
    if (isLocked) return orGiveUp(parts, allocation, candidates.length);
  }
  await fail(
    parts,
    allocation,
    suitable === 0 ? await whyNone(parts, allocation) : notReserved(suitable),
  );
  return 'ended';
};

const orGiveUp = async (
  parts: AllocatorParts,
  allocation: AllocationRecord,
  suitable: number,
): Promise<Attempt> => {
  const waitedMs = parts.clock.wallMs() - Date.parse(allocation.createdAt);
  if (waitedMs < PATIENCE_MS) return 'locked';
  await fail(parts, allocation, notReserved(suitable));
  return 'ended';
};

const notReserved = (suitable: number): string =>
  `could not reserve any of ${suitable} suitable nodes`;

const whyNone = async (
  { store }: AllocatorParts,
  allocation: AllocationRecord,
): Promise<string> => {
  const { traits, candidateNodes, resourceClass } = allocation;
  if (traits.length > 0) {
    const others = await listCandidates(store.db, { ...allocation, traits: [] }, { limit: 1 });
    if (others.length > 0) {
      return `no suitable nodes have the requested traits ${traits.join(', ')}`;
    }
  }
  return candidateNodes.length > 0
    ? `none of the requested nodes are available and match the resource class ${resourceClass}`
    : `no available nodes match the resource class ${resourceClass}`;
};

const fail = async (
  { store, clock, log }: AllocatorParts,
  { uuid }: AllocationRecord,
  reason: string,
): Promise<void> => {
  await failAllocation(
    store.db,
    uuid,
    `Failed to process allocation ${uuid}: ${reason}.`,
    clock.wallMs(),
  );
  log.info({ allocation: uuid, reason }, 'an allocation found no node');
};
