import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { profilesFor } from './choose-profiles.ts';
import { type ByteSource, generatePassword, keepsProfile } from './generate.ts';
import {
  learnTruncation,
  narrowProfile,
  PASSWORD_PROFILES,
  type PasswordProfile,
} from './password-profiles.ts';

/** The same bytes for the same seed, as good as those of the system: a key stream. */
const seeded = (seed: number): ByteSource => {
  const key = Buffer.alloc(32);
  key.writeUInt32BE(seed);
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (count) => cipher.update(Buffer.alloc(count));
};

const [P1, P2] = PASSWORD_PROFILES;
/** Its rules refuse nothing but what does not begin with a letter. */
const LOOSE: PasswordProfile = {
  name: 'loose',
  lengthBytes: 2,
  alphabets: { lower: 'abcdefghijklmnopqrstuvwxyz'.slice(0, 25) },
  specials: 'any',
  isRepeatAllowed: true,
  needs: 'any',
  why: 'to count',
};

const chiSquare = (counts: readonly number[]): number => {
  const expected = counts.reduce((sum, each) => sum + each, 0) / counts.length;
  return counts.reduce((sum, each) => sum + (each - expected) ** 2 / expected, 0);
};

test('every password keeps its profile, whatever the limits and the user name are', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PASSWORD_PROFILES),
      fc.string({ maxLength: 4 }),
      fc.constantFrom('', 'bsmr-a', 'admin', 'X'),
      fc.nat(),
      (profile, forbidden, username, seed) => {
        const narrowed = narrowProfile(profile, { forbidden });
        fc.pre(narrowed !== undefined);

        const password = generatePassword(narrowed, username, seeded(seed)).reveal();

        assert.equal(Buffer.byteLength(password), profile.lengthBytes);
        assert.ok(keepsProfile(password, narrowed, username), password);
        assert.ok(Array.from(forbidden).every((each) => !password.includes(each)));
        assert.match(password, /^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$/);
        assert.doesNotMatch(password, /[IOl01]|(.)\1/);
      },
    ),
    { numRuns: 400 },
  );
});

test('a profile that demands a special has exactly one, in the middle', () => {
  const source = seeded(1);
  for (let at = 0; at < 200; at += 1) {
    assert.match(generatePassword(P2, 'x-x', source).reveal(), /^[A-Za-z0-9]+[._-][A-Za-z0-9]+$/);
  }
});

test('all texts of an alphabet are equally likely, though it does not divide 256', () => {
  const source = seeded(2);
  const counts = new Map<string, number>();
  for (let at = 0; at < 25 * 25 * 60; at += 1) {
    const password = generatePassword(LOOSE, '', source).reveal();
    counts.set(password, (counts.get(password) ?? 0) + 1);
  }

  assert.equal(counts.size, 625);
  // 624 degrees of freedom: 759 is passed once in ten thousand times.
  assert.ok(chiSquare([...counts.values()]) < 759);
});

test('the count above would see the bias of a plain remainder', () => {
  const source = seeded(3);
  const counts = Array.from({ length: 25 }, () => 0);
  for (const byte of source(25 * 25 * 120)) counts[byte % 25] = (counts[byte % 25] ?? 0) + 1;

  // 24 degrees of freedom: 61 is passed once in twenty thousand times.
  assert.ok(chiSquare(counts) > 61);
});

test('each character of a class is as likely as the others, at each place', () => {
  const source = seeded(4);
  const digits = P1.alphabets.digit;
  for (const place of [1, 8, 15]) {
    const counts = Array.from(digits, () => 0);
    for (let at = 0; at < 3_000; at += 1) {
      const found = digits.indexOf(generatePassword(P1, '', source).reveal()[place] ?? '');
      if (found >= 0) counts[found] = (counts[found] ?? 0) + 1;
    }
    // 7 degrees of freedom: 29.9 is passed once in ten thousand times.
    assert.ok(chiSquare(counts) < 29.9, `place ${place}: ${counts.join(' ')}`);
  }
});

test('two passwords are never the same, and neither is printed', () => {
  const made = Array.from({ length: 1_000 }, () => generatePassword(P1, 'bsmr-a'));

  assert.equal(new Set(made.map((each) => each.reveal())).size, 1_000);
  assert.equal(JSON.stringify(made[0]), '"***"');
});

test('a profile that its rules leave nothing of is a defect, not an endless loop', () => {
  const broken = { ...LOOSE, alphabets: { lower: 'a', digit: '1' }, isRepeatAllowed: false };
  assert.throws(() => generatePassword({ ...broken, lengthBytes: 2 }, 'a'), /leave nearly nothing/);
  assert.throws(() => generatePassword({ ...broken, alphabets: {} }, ''), /no alphabet/);
});

test('profiles follow the session, the learned limits and what worked before', () => {
  const names = (...args: Parameters<typeof profilesFor>): string =>
    profilesFor(...args)
      .map(({ name }) => name)
      .join(' ');
  const rmcp = { session: 'rmcp+', isWeakAllowed: false } as const;

  assert.equal(names({}, rmcp), 'P1 P2 P3');
  assert.equal(names({}, { ...rmcp, remembered: 'P2' }), 'P2 P1 P3');
  assert.equal(names({}, { ...rmcp, session: 'ipmi-1.5' }), 'P1 P2');
  assert.equal(names({}, { ...rmcp, isWeakAllowed: true }), 'P1 P2 P3 P4');
  assert.equal(names(learnTruncation({}, 16), rmcp), 'P1 P2');
  assert.equal(names({ lengthMinBytes: 20 }, rmcp), 'P3');
  assert.equal(names({ forbidden: '-_.' }, rmcp), 'P1');
  assert.equal(names({ lengthMaxBytes: 12 }, rmcp), '');
  assert.deepEqual(learnTruncation({ lengthMaxBytes: 16 }, 20), { lengthMaxBytes: 16 });
});
