// An allocation: the wish for a node of some kind, and the node that was found for it.

import type { JsonObject } from '../json.ts';

/** `allocating` until a node is found (`active`) or it is known that there is none (`error`). */
export type AllocationState = 'allocating' | 'active' | 'error';

export type AllocationRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly name: string | null;
  readonly nodeUuid: string | null;
  readonly state: AllocationState;
  readonly resourceClass: string;
  readonly traits: readonly string[];
  /** UUIDs in the order in which they are tried; empty: all nodes. */
  readonly candidateNodes: readonly string[];
  /** Where all nodes are candidates, the one that is called like the allocation is tried first. */
  readonly isNamePreferred: boolean;
  readonly extra: JsonObject;
  readonly lastError: string | null;
  /** A project: only its nodes, and those that are lent to it, are candidates. */
  readonly owner: string | null;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
