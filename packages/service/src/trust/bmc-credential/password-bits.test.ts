import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { keepsProfile } from './generate.ts';
import { bitsOf, countPasswords, keptShareBits } from './password-bits.ts';
import {
  type CharacterClass,
  PASSWORD_PROFILES,
  type PasswordProfile,
} from './password-profiles.ts';

const ALPHABETS: { readonly [name in CharacterClass]: string } = {
  upper: 'AB',
  lower: 'abc',
  digit: '23',
  special: '-_',
};
const CLASSES = Object.keys(ALPHABETS) as readonly CharacterClass[];

/** Small enough to write down all texts of its alphabet. */
const smallProfile = fc.record({
  name: fc.constant('small'),
  lengthBytes: fc.integer({ min: 1, max: 5 }),
  alphabets: fc
    .subarray([...CLASSES], { minLength: 1 })
    .map((names) => Object.fromEntries(names.map((name) => [name, ALPHABETS[name]]))),
  starts: fc.subarray([...CLASSES], { minLength: 1 }),
  specials: fc.constantFrom('one' as const, 'any' as const),
  isRepeatAllowed: fc.boolean(),
  needs: fc.constant('any' as const),
  why: fc.constant('to count'),
});

const allTexts = ({ alphabets, lengthBytes }: PasswordProfile): readonly string[] => {
  const characters = Array.from(Object.values(alphabets).join(''));
  let texts: readonly string[] = [''];
  for (let length = 0; length < lengthBytes; length += 1) {
    texts = texts.flatMap((text) => characters.map((each) => text + each));
  }
  return texts;
};

test('as many are counted as there are texts that keep the rules', () => {
  fc.assert(
    fc.property(smallProfile, (profile) => {
      const kept = allTexts(profile).filter((text) => keepsProfile(text, profile, ''));

      assert.equal(countPasswords(profile), BigInt(kept.length));
    }),
    { numRuns: 60 },
  );
});

test('the profiles have the bits that the documents name', () => {
  const bits = PASSWORD_PROFILES.map((profile) => Math.floor(bitsOf(profile)));

  assert.deepEqual(bits, [92, 92, 115, 69]);
});

test('a profile that nothing keeps has no bits, and nearly nothing is drawn for it', () => {
  const [profile] = PASSWORD_PROFILES;
  const broken = { ...profile, lengthBytes: 2 };

  assert.equal(countPasswords(broken), 0n);
  assert.equal(bitsOf(broken), 0);
  assert.ok(keptShareBits(broken) < -10);
  assert.ok(keptShareBits(profile) > -2);
});
