// How many passwords keep the rules of a profile, counted exactly: what somebody who knows the rules has to try. That a user
// name must not be inside is left out; it takes away next to nothing.

import { type CharacterClass, type PasswordProfile, startsOf } from './password-profiles.ts';

type Class = {
  readonly name: CharacterClass;
  readonly size: bigint;
  /** In the masks of what was seen. */
  readonly bit: number;
};

/** Beginnings that go on in the same ways are counted together. */
type Beginning = {
  readonly seen: number;
  readonly last: CharacterClass;
  /** Two stand for more, too. */
  readonly specialCount: number;
  readonly count: bigint;
};

const classesOf = ({ alphabets }: PasswordProfile): readonly Class[] =>
  Object.entries(alphabets).map(([name, alphabet], index) => ({
    name: name as CharacterClass,
    size: BigInt(alphabet.length),
    bit: 1 << index,
  }));

const merged = (beginnings: readonly Beginning[]): readonly Beginning[] => {
  const byKind = new Map<string, Beginning>();
  for (const each of beginnings) {
    const kind = `${each.seen} ${each.last} ${each.specialCount}`;
    const count = each.count + (byKind.get(kind)?.count ?? 0n);
    byKind.set(kind, { ...each, count });
  }
  return [...byKind.values()];
};

const specialCountWith = (before: number, { name }: Class): number =>
  Math.min(2, before + (name === 'special' ? 1 : 0));

/** The alphabets of the classes have nothing in common. */
export const countPasswords = (profile: PasswordProfile): bigint => {
  const classes = classesOf(profile);
  const { lengthBytes, isRepeatAllowed } = profile;
  const starts = startsOf(profile);
  let beginnings: readonly Beginning[] = classes
    .filter(({ name }) => starts.includes(name))
    .map((each) => ({
      seen: each.bit,
      last: each.name,
      specialCount: specialCountWith(0, each),
      count: each.size,
    }));
  for (let length = 1; length < lengthBytes; length += 1) {
    beginnings = merged(
      beginnings.flatMap((before) =>
        classes.map((each) => ({
          seen: before.seen | each.bit,
          last: each.name,
          specialCount: specialCountWith(before.specialCount, each),
          count:
            before.count * (each.size - (before.last === each.name && !isRepeatAllowed ? 1n : 0n)),
        })),
      ),
    );
  }
  const all = (1 << classes.length) - 1;
  const isOneSpecial = profile.specials === 'one' && profile.alphabets.special !== undefined;
  return beginnings
    .filter(({ seen, last }) => seen === all && last !== 'special')
    .filter(({ specialCount }) => !isOneSpecial || specialCount === 1)
    .reduce((sum, { count }) => sum + count, 0n);
};

const PRECISION_BITS = 50;

const log2 = (count: bigint): number => {
  if (count <= 0n) return 0;
  const over = Math.max(0, count.toString(2).length - PRECISION_BITS);
  return Math.log2(Number(count >> BigInt(over))) + over;
};

/** Limits that BMCs tell make other profiles; there are not many lengths. */
const KNOWN_MAX = 500;
const known = new Map<string, number>();

/** Counted once for equal profiles: each rotation asks for all of them again. */
export const bitsOf = (profile: PasswordProfile): number => {
  const key = JSON.stringify(profile);
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= KNOWN_MAX) known.clear();
  const bits = log2(countPasswords(profile));
  known.set(key, bits);
  return bits;
};

/** Of all texts of the alphabet and the length, as a logarithm: nearly none are drawn in vain where it is near to 0. */
export const keptShareBits = (profile: PasswordProfile): number => {
  const characters = Object.values(profile.alphabets).join('').length;
  return bitsOf(profile) - profile.lengthBytes * Math.log2(characters);
};
