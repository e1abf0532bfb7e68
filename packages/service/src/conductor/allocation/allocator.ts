// Finds nodes for allocations, one after the other. What is still to be done stands in the store: a process that dies
// loses nothing, the next one (or another conductor) goes on.

import { listOpenAllocations } from '#store/allocations';

import { type AllocatorParts, processAllocation } from './process-allocation.ts';

export type Allocator = {
  /** There is a new one. */
  readonly nudge: (uuid: string) => void;
  /** Takes up what an earlier process left, and looks again now and then. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

/** Finds what another conductor left when it died; nobody waits for it in normal life. */
const SWEEP_MS = 5_000;
/** How long a node stays locked by a power action, more or less. */
const RETRY_MS = 1_000;
/** What does not fit waits in the store for the next sweep. */
const QUEUE_MAX = 1_000;

export const makeAllocator = (parts: AllocatorParts): Allocator => {
  const { store, clock, log } = parts;
  const queue = new Set<string>();
  let running: Promise<void> | undefined;
  let cancelSweep: (() => void) | undefined;
  let isStopping = false;

  const work = async (): Promise<void> => {
    for (const uuid of queue) {
      if (isStopping) break;
      queue.delete(uuid);
      try {
        const attempt = await processAllocation(parts, uuid);
        if (attempt === 'locked') clock.after(RETRY_MS, () => nudge(uuid));
      } catch (error) {
        // The store is away, and so is the way to say it there: the next sweep tries again.
        log.error({ err: error, allocation: uuid }, 'an allocation could not be worked on');
      }
    }
    // In the same turn in which the queue was seen empty: what comes next starts anew.
    running = undefined;
  };

  const nudge = (uuid: string): void => {
    if (isStopping || queue.size >= QUEUE_MAX) return;
    queue.add(uuid);
    // Not in this turn: whoever nudges answers a request first.
    running ??= Promise.resolve().then(work);
  };

  const sweep = async (): Promise<void> => {
    try {
      const open = await listOpenAllocations(store.db, { limit: QUEUE_MAX });
      for (const uuid of open) nudge(uuid);
    } catch (error) {
      log.warn({ err: error }, 'open allocations could not be listed');
    }
    if (!isStopping) cancelSweep = clock.after(SWEEP_MS, () => void sweep());
  };

  return {
    nudge,
    start: () => void sweep(),
    stop: async () => {
      isStopping = true;
      cancelSweep?.();
      await running;
    },
  };
};
