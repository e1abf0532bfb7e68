// Allocations for tests that begin in the store.

import { randomUUID } from 'node:crypto';

import { allocations } from '#store/allocations';
import type { Store } from '#store/database';

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';

/** One that waits for a node. */
export const makeAllocation = (
  store: Store,
  resourceClass: string,
  nowMs: number,
  more: Partial<AllocationRecord> = {},
): Promise<AllocationRecord> =>
  allocations.insert(
    store.db,
    {
      uuid: randomUUID(),
      name: null,
      nodeUuid: null,
      state: 'allocating',
      resourceClass,
      traits: [],
      candidateNodes: [],
      isNamePreferred: true,
      extra: {},
      lastError: null,
      owner: null,
      ...more,
    },
    { nowMs },
  );
