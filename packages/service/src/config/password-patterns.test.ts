import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { generatePassword, keepsProfile } from '#trust/bmc-credential/generate';
import { bitsOf } from '#trust/bmc-credential/password-bits';
import { WEAK_BITS_MIN } from '#trust/bmc-credential/password-profiles';

import { BMC_CREDENTIAL_SETTINGS } from './bmc-credential-settings.ts';
import { checkSettings } from './check-settings.ts';
import { explain } from './explain.ts';
import { loadConfig } from './load.ts';
import { passwordPatterns } from './password-patterns.ts';
import { ConfigInvalid, readValue } from './setting.ts';

const profileOf = (rules: string, isWeakAllowed = false) => {
  const [pattern] = passwordPatterns([`Dell Inc./PowerEdge*: ${rules}`], isWeakAllowed);
  assert.ok(pattern);
  return pattern.profile;
};

test('a line is read as it was meant', () => {
  const lines = [
    'Dell*/R6 50: length=20 upper lower=abcdefgh digit special=!@,: start=any specials=one repeat=yes',
  ];

  const [pattern] = passwordPatterns(lines, false);

  assert.equal(pattern?.model, 'Dell*/R6 50');
  assert.deepEqual(pattern?.profile, {
    name: 'pattern Dell*/R6 50',
    lengthBytes: 20,
    alphabets: {
      upper: 'ABCDEFGHJKLMNPQRSTUVWXYZ',
      lower: 'abcdefgh',
      digit: '23456789',
      special: '!@,:',
    },
    starts: ['upper', 'lower', 'digit', 'special'],
    specials: 'one',
    isRepeatAllowed: true,
    needs: 'rmcp+ or redfish',
    why: 'asked for by the configuration',
  });
});

test('how long it is says what can store it', () => {
  const needs = [16, 17, 20, 21].map((length) => profileOf(`length=${length} upper lower`).needs);

  assert.deepEqual(needs, ['any', 'rmcp+ or redfish', 'rmcp+ or redfish', 'redfish']);
});

for (const [rules, text] of [
  ['length=16', /start must be/],
  ['upper lower', /length must be a number from 8 to 32/],
  ['length=7 upper lower', /length must be/],
  ['length=33 upper lower', /length must be/],
  ['length=16 upper lower upper', /upper is there twice/],
  ['length=16 length=16 upper', /length is there twice/],
  ['length=16 upper lower=aab', /not different characters of the class lower/],
  ['length=16 upper lower=aB', /class lower/],
  ['length=16 upper special=', /class special/],
  ['length=16 upper special=é', /class special/],
  ['length=16 upper letters', /"letters" is none of/],
  ['length=16 upper lower start=digit', /start must be/],
  ['length=16 upper lower start=first', /start must be/],
  ['length=16 upper lower repeat=maybe', /repeat must be yes or no/],
  ['length=16 upper lower specials=two', /specials must be one or any/],
  ['length=12 upper lower digit', /69 bits; fewer than 80 need bmc_credentials\.allow_weak_/],
  ['length=32 upper=A lower=a digit=2 special', /bits|hundredth/],
  ['length=32 upper lower=ab special=-!@/()=? start=lower specials=one', /hundredth/],
] as const) {
  test(`the service does not start with "${rules}"`, () => {
    assert.throws(
      () => profileOf(rules),
      (error: unknown) => error instanceof ConfigInvalid && text.test(error.message),
    );
  });
}

test('weak ones are for whoever allows them, and too weak ones for nobody', () => {
  assert.equal(profileOf('length=12 upper lower digit', true).lengthBytes, 12);
  assert.throws(() => profileOf('length=8 upper lower digit', true), /fewer than 60 are not taken/);
});

for (const line of [
  'length=16 upper lower',
  ': length=16 upper',
  'a/b:length=16',
  `${'x'.repeat(201)}: length=16`,
]) {
  test(`"${line.slice(0, 30)}" names no model`, () => {
    assert.throws(() => passwordPatterns([line], false), /it is not VENDOR\/MODEL: RULE/);
  });
}

test('every password of a pattern keeps its rules, and none of them is weak', () => {
  const someOf = (characters: string) =>
    fc.subarray(Array.from(characters), { minLength: 6 }).map((each) => each.join(''));
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 32 }),
      someOf('ABCDEFGHIJ'),
      someOf('abcdefghijklmnop'),
      someOf('0123456789'),
      fc.option(someOf('!"#$%&\'()*+,-./:')),
      fc.constantFrom('letter', 'any', 'upper', 'digit+lower'),
      fc.constantFrom('one', 'any'),
      fc.constantFrom('yes', 'no'),
      (length, upper, lower, digit, special, start, specials, repeat) => {
        const rules =
          `length=${length} upper=${upper} lower=${lower} digit=${digit} start=${start} ` +
          `specials=${specials} repeat=${repeat}${special === null ? '' : ` special=${special}`}`;
        let profile;
        try {
          profile = profileOf(rules);
        } catch (error) {
          assert.ok(error instanceof ConfigInvalid);
          return;
        }

        const password = generatePassword(profile, 'bsmr-a').reveal();

        assert.equal(Buffer.byteLength(password), length);
        assert.ok(keepsProfile(password, profile, 'bsmr-a'), `${rules}: ${password}`);
        assert.ok(bitsOf(profile) >= WEAK_BITS_MIN);
        if (repeat === 'no') assert.doesNotMatch(password, /(.)\1/);
        if (special !== null && specials === 'one') {
          assert.equal(Array.from(password).filter((each) => special.includes(each)).length, 1);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('config explain shows the patterns, and config check refuses one that cannot be', async () => {
  const load = (pattern: string) =>
    loadConfig({
      file: undefined,
      environment: {},
      overrides: [`bmc_credentials.password_patterns=${pattern}`],
    });
  const good = await load('HPE/*: length=24 upper lower digit special=-_');

  checkSettings(good);
  const told = explain(good, 'bmc_credentials.password_patterns');

  assert.match(told, /in the place of the profiles/);
  assert.match(told, /now {6}HPE\/\*: length=24 upper lower digit special=-_/);
  const bad = await load('HPE/*: length=9 digit start=any');
  assert.throws(() => checkSettings(bad), ConfigInvalid);
});

test('a pattern without quotes, which YAML takes for a map, is told what it lacks', () => {
  const setting = BMC_CREDENTIAL_SETTINGS.password_patterns;
  const raw = [{ 'HPE/*': 'length=24 upper lower' }];

  assert.throws(
    () => readValue('password_patterns', setting, raw),
    /no text; put quotes around it/,
  );
});
