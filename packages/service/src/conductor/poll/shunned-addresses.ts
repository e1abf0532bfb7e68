// Addresses at which somebody else answered. They are left alone for some minutes: whoever sits there learns nothing
// more, not even how often we look. In memory only; a restart forgets them, and finds them again.

import type { Store } from '#store/database';

export type ShunnedAddresses = {
  readonly isShunned: (sessionId: string, address: string, nowMs: number) => boolean;
  readonly shun: (sessionId: string, address: string, nowMs: number) => void;
};

const SHUNNED_MS = 5 * 60_000;
/** Beyond this the oldest are looked at again early. */
const ENTRIES_MAX = 10_000;

export const makeShunnedAddresses = (): ShunnedAddresses => {
  const untilMs = new Map<string, number>();
  const keyOf = (sessionId: string, address: string): string => `${sessionId} ${address}`;
  return {
    isShunned: (sessionId, address, nowMs) =>
      (untilMs.get(keyOf(sessionId, address)) ?? -Infinity) > nowMs,
    shun: (sessionId, address, nowMs) => {
      const key = keyOf(sessionId, address);
      untilMs.delete(key);
      untilMs.set(key, nowMs + SHUNNED_MS);
      for (const [each, endMs] of untilMs) {
        if (endMs > nowMs && untilMs.size <= ENTRIES_MAX) return;
        untilMs.delete(each);
      }
    },
  };
};

// What a process remembers of the machines of a store ends with the store.
const memories = new WeakMap<Store, ShunnedAddresses>();

export const shunnedAddressesOf = (store: Store): ShunnedAddresses => {
  const known = memories.get(store) ?? makeShunnedAddresses();
  memories.set(store, known);
  return known;
};
