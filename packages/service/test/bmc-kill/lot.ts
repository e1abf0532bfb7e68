// Choices by lot that can be had again from their seed.

export type Lot = () => number;

/** Numbers from 0 up to and without 1 (mulberry32). */
export const lot = (seed: number): Lot => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** So many of them, in their order. */
export const drawn = <T>(next: Lot, from: readonly T[], count: number): readonly T[] => {
  if (count >= from.length) return from;
  const chosen = from
    .map((each, at) => ({ each, at, key: next() }))
    .toSorted((one, other) => one.key - other.key)
    .slice(0, count);
  return chosen.toSorted((one, other) => one.at - other.at).map(({ each }) => each);
};

export const oneOf = <T>(next: Lot, from: readonly T[]): T =>
  from[Math.floor(next() * from.length)] as T;
