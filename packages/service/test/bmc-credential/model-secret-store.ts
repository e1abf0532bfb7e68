// A secret store in memory that fails as stores do: not there, or there and the answer lost.

import { Failure } from '@bessemer/protocol/errors/failure';

import {
  bySlotNewestFirst,
  type SecretStore,
  type StoredCredential,
} from '#trust/secret-store/secret-store';

export type StoreWays = {
  /** How the n-th call fails: before it was done, or after. */
  readonly fails?: (call: number) => 'before' | 'after' | undefined;
};

export type ModelSecretStore = SecretStore & {
  readonly all: () => readonly StoredCredential[];
  /** As after the restore of a copy from before the last `count` writes. */
  readonly forgetLast: (count: number) => void;
};

export const makeModelSecretStore = (
  nowMs: () => number,
  ways: StoreWays = {},
): ModelSecretStore => {
  let secrets: StoredCredential[] = [];
  const newest = new Map<string, number>();
  let calls = 0;

  const away = (): Failure =>
    new Failure('secret-store.away', 'The secret store does not answer.', { isRetryable: true });
  const call = async <T>(work: () => T): Promise<T> => {
    calls += 1;
    const failing = ways.fails?.(calls);
    if (failing === 'before') throw away();
    const result = work();
    if (failing === 'after') throw away();
    return result;
  };
  const isAt =
    (place: { readonly nodeUuid: string; readonly slot: string }) =>
    (each: StoredCredential): boolean =>
      each.nodeUuid === place.nodeUuid && each.slot === place.slot;

  return {
    kind: 'embedded',
    all: () => secrets,
    forgetLast: (count) => {
      secrets = secrets.slice(0, -count);
    },
    put: ({ place, writeId, credential }) =>
      call(() => {
        const same = secrets.filter(isAt(place)).find((each) => each.writeId === writeId);
        if (same !== undefined) return same;
        const key = `${place.nodeUuid}/${place.slot}`;
        const version = (newest.get(key) ?? 0) + 1;
        newest.set(key, version);
        const made = { ...place, version, createdMs: nowMs(), writeId, credential };
        secrets.push(made);
        return made;
      }),
    get: (place, version) =>
      call(() => {
        const there = secrets.filter(isAt(place));
        const found =
          version === undefined ? there.at(-1) : there.find((each) => each.version === version);
        if (found === undefined) throw new Failure('secret-store.gone', 'gone');
        return found;
      }),
    getWrite: (place, writeId) =>
      call(() => {
        const found = secrets.filter(isAt(place)).find((each) => each.writeId === writeId);
        if (found === undefined) throw new Failure('secret-store.gone', 'gone');
        return found;
      }),
    findWrite: (place, writeId) =>
      call(() => secrets.filter(isAt(place)).find((each) => each.writeId === writeId)),
    list: (nodeUuid) =>
      call(() => secrets.filter((each) => each.nodeUuid === nodeUuid).toSorted(bySlotNewestFirst)),
    listNodes: async function* () {
      yield* new Set(secrets.map(({ nodeUuid }) => nodeUuid));
    },
    destroy: (place, version) =>
      call(() => {
        secrets = secrets.filter((each) => !isAt(place)(each) || each.version !== version);
      }),
    health: async () => {
      try {
        await call(() => undefined);
        return { state: 'ready' };
      } catch (error) {
        return { state: 'away', failure: error as Failure };
      }
    },
    close: async () => undefined,
  };
};
