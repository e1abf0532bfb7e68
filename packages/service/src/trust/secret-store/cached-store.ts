// Passwords that were read lately, so that a power action need not ask the store each time, and works on for a while when
// the store is away. Versions never change, so what is kept cannot become wrong: it can only have been destroyed.
//
// Only what names a version, or a write, is kept; "the newest" is always asked for. `fresh` ends after `ttlMs`: from then
// on the store is asked, and only if it is away, sealed or refuses us, what is kept is given instead. After `graceMs`
// more it is dropped, whether somebody asks or not.

import type { Clock } from '#clock';

import type { SecretPlace, SecretStore, SecretVersion, StoredCredential } from './secret-store.ts';
import { type StoreTrouble, troubleOf } from './store-failure.ts';

export type CacheOptions = {
  /** 0: nothing is kept at all. */
  readonly ttlMs: number;
  readonly graceMs: number;
};

type Entry = {
  readonly stored: StoredCredential;
  readonly freshUntilMs: number;
  readonly cancelDrop: () => void;
};

/** Each node has two accounts and a few versions; some hundred bytes each. */
const ENTRIES_MAX = 20_000;
/** A store that did not answer is not asked again so soon for what is kept: each question may take its whole limit. */
const REST_MS = 5_000;
/** The store itself said that it has no such thing, or the question was wrong: what is kept is no answer. */
const ANSWERS: readonly (StoreTrouble | undefined)[] = ['gone', 'conflict', 'full', undefined];

const keyOf = ({ nodeUuid, slot }: SecretPlace, name: number | string): string =>
  `${nodeUuid}/${slot}/${typeof name === 'number' ? `v${name}` : `w${name}`}`;

const keysOf = (stored: StoredCredential): readonly string[] => [
  keyOf(stored, stored.version),
  keyOf(stored, stored.writeId),
];

export const makeCachedSecretStore = (
  store: SecretStore,
  { ttlMs, graceMs }: CacheOptions,
  clock: Pick<Clock, 'monotonicMs' | 'after'>,
): SecretStore => {
  if (ttlMs === 0) return store;
  /** Each entry twice, by number and by write; in the order in which they are dropped. */
  const entries = new Map<string, Entry>();
  let restUntilMs = -Infinity;

  const drop = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    entry.cancelDrop();
    for (const key of keysOf(entry.stored)) {
      if (entries.get(key) === entry) entries.delete(key);
    }
  };

  const keep = (stored: StoredCredential): StoredCredential => {
    const keys = keysOf(stored);
    for (const key of keys) drop(entries.get(key));
    const entry: Entry = {
      stored,
      freshUntilMs: clock.monotonicMs() + ttlMs,
      cancelDrop: clock.after(ttlMs + graceMs, () => drop(entry)),
    };
    for (const key of keys) entries.set(key, entry);
    while (entries.size > ENTRIES_MAX * 2) drop(entries.values().next().value);
    return stored;
  };

  const read = async (
    key: string,
    ask: () => Promise<StoredCredential>,
  ): Promise<StoredCredential> => {
    const kept = entries.get(key);
    const nowMs = clock.monotonicMs();
    if (kept !== undefined && (kept.freshUntilMs > nowMs || restUntilMs > nowMs)) {
      return kept.stored;
    }
    try {
      return keep(await ask());
    } catch (error) {
      const trouble = troubleOf(error);
      if (ANSWERS.includes(trouble)) {
        if (trouble === 'gone') drop(kept);
        throw error;
      }
      restUntilMs = clock.monotonicMs() + REST_MS;
      // It may have been dropped while the store was waited for.
      const left = entries.get(key);
      if (left === undefined) throw error;
      return left.stored;
    }
  };

  const destroy = async (place: SecretPlace, version: SecretVersion['version']): Promise<void> => {
    const key = keyOf(place, version);
    drop(entries.get(key));
    await store.destroy(place, version);
    // Somebody may have read it meanwhile.
    drop(entries.get(key));
  };

  return {
    ...store,
    get: (place, version) =>
      version === undefined
        ? store.get(place)
        : read(keyOf(place, version), () => store.get(place, version)),
    getWrite: (place, writeId) => read(keyOf(place, writeId), () => store.getWrite(place, writeId)),
    destroy,
    close: async () => {
      for (const entry of new Set(entries.values())) drop(entry);
      await store.close();
    },
  };
};
