// From the lines of bmc_credentials.password_patterns to what passwords are made by.

import { bitsOf, keptShareBits } from '#trust/bmc-credential/password-bits';
import type { PasswordPattern } from '#trust/bmc-credential/password-pattern';
import {
  BITS_MIN,
  type CharacterClass,
  DEFAULT_ALPHABETS,
  IPMI_1_5_BYTES_MAX,
  IPMI_2_0_BYTES_MAX,
  type PasswordProfile,
  WEAK_BITS_MIN,
} from '#trust/bmc-credential/password-profiles';

import { ConfigInvalid } from './setting.ts';

const KEY = 'bmc_credentials.password_patterns';
const PATTERNS_MAX = 100;
/** As long as models that are compared with it. */
const MODEL_CHARS_MAX = 200;
const LENGTH_BYTES = { min: 8, max: 32 } as const;
/** Fewer of what is drawn would be thrown away again and again. */
const KEPT_SHARE_BITS_MIN = Math.log2(1 / 100);

const CLASS_PATTERNS: { readonly [name in CharacterClass]: RegExp } = {
  upper: /^[A-Z]+$/,
  lower: /^[a-z]+$/,
  digit: /^[0-9]+$/,
  special: /^[!-/:-@[-`{-~]+$/,
};
const CLASSES = Object.keys(CLASS_PATTERNS) as readonly CharacterClass[];
const LETTERS: readonly CharacterClass[] = ['upper', 'lower'];

const isClass = (word: string): word is CharacterClass => CLASSES.some((each) => each === word);

type Rules = {
  readonly alphabets: PasswordProfile['alphabets'];
  readonly others: ReadonlyMap<string, string>;
};

const OTHERS = ['length', 'start', 'specials', 'repeat'];

const alphabetOf = (name: CharacterClass, value: string | undefined): string => {
  const alphabet = value ?? DEFAULT_ALPHABETS[name];
  const isRight = CLASS_PATTERNS[name].test(alphabet) && new Set(alphabet).size === alphabet.length;
  if (isRight) return alphabet;
  throw new ConfigInvalid(`"${alphabet}" are not different characters of the class ${name}`);
};

const readRules = (words: readonly string[]): Rules => {
  const alphabets: Partial<Record<CharacterClass, string>> = {};
  const others = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, value] = at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
    if (others.has(name) || Object.hasOwn(alphabets, name)) {
      throw new ConfigInvalid(`${name} is there twice`);
    }
    if (isClass(name)) alphabets[name] = alphabetOf(name, value);
    else if (OTHERS.includes(name) && value !== undefined) others.set(name, value);
    else {
      throw new ConfigInvalid(
        `"${word}" is none of length=N, upper, lower, digit, special, each with =CHARACTERS or not, ` +
          'start=CLASS+..., specials=one, repeat=yes',
      );
    }
  }
  return { alphabets, others };
};

const lengthOf = (text: string | undefined): number => {
  const { min, max } = LENGTH_BYTES;
  const length = /^\d{1,3}$/.test(text ?? '') ? Number(text) : 0;
  if (length >= min && length <= max) return length;
  throw new ConfigInvalid(`length must be a number from ${min} to ${max}`);
};

const startsOf = (text: string, { alphabets }: Rules): readonly CharacterClass[] => {
  const named: readonly string[] =
    text === 'letter' ? LETTERS : text === 'any' ? CLASSES : text.split('+');
  const starts = named.filter(isClass);
  const isThere = starts.some((each) => alphabets[each] !== undefined);
  if (isThere && starts.length === named.length) return starts;
  throw new ConfigInvalid(
    'start must be letter, any, or classes of characters joined by +, of which one is in the password',
  );
};

const oneOf = <T>(
  name: string,
  text: string | undefined,
  values: { readonly [text: string]: T },
  fallback: T,
): T => {
  if (text === undefined) return fallback;
  const value = Object.hasOwn(values, text) ? values[text] : undefined;
  if (value !== undefined) return value;
  throw new ConfigInvalid(`${name} must be ${Object.keys(values).join(' or ')}`);
};

/** What a BMC on the other side of such a session can store. */
const needsOf = (lengthBytes: number): PasswordProfile['needs'] => {
  if (lengthBytes <= IPMI_1_5_BYTES_MAX) return 'any';
  return lengthBytes <= IPMI_2_0_BYTES_MAX ? 'rmcp+ or redfish' : 'redfish';
};

const requireStrength = (profile: PasswordProfile, isWeakAllowed: boolean): void => {
  const bits = bitsOf(profile);
  const told = `its passwords have ${Math.floor(bits)} bits`;
  if (bits < BITS_MIN) {
    throw new ConfigInvalid(`${told}; fewer than ${BITS_MIN} are not taken`);
  }
  if (bits < WEAK_BITS_MIN && !isWeakAllowed) {
    throw new ConfigInvalid(
      `${told}; fewer than ${WEAK_BITS_MIN} need bmc_credentials.allow_weak_passwords`,
    );
  }
  if (keptShareBits(profile) < KEPT_SHARE_BITS_MIN) {
    throw new ConfigInvalid('its rules leave less than a hundredth of the texts of its characters');
  }
};

const patternOf = (line: string, isWeakAllowed: boolean): PasswordPattern => {
  const [, model = '', text = ''] = /^([^:]+): (.+)$/.exec(line) ?? [];
  if (model === '' || model.length > MODEL_CHARS_MAX) {
    throw new ConfigInvalid('it is not VENDOR/MODEL: RULE ...');
  }
  const rules = readRules(text.split(' ').filter((word) => word !== ''));
  const { others } = rules;
  const lengthBytes = lengthOf(others.get('length'));
  const profile: PasswordProfile = {
    name: `pattern ${model}`,
    lengthBytes,
    alphabets: rules.alphabets,
    starts: startsOf(others.get('start') ?? 'letter', rules),
    specials: oneOf('specials', others.get('specials'), { one: 'one', any: 'any' } as const, 'any'),
    isRepeatAllowed: oneOf('repeat', others.get('repeat'), { yes: true, no: false }, false),
    needs: needsOf(lengthBytes),
    why: 'asked for by the configuration',
  };
  requireStrength(profile, isWeakAllowed);
  return { model, profile };
};

/** Throws ConfigInvalid. */
export const passwordPatterns = (
  lines: readonly string[],
  isWeakAllowed: boolean,
): readonly PasswordPattern[] => {
  if (lines.length > PATTERNS_MAX) {
    throw new ConfigInvalid(`${KEY} has more than ${PATTERNS_MAX} patterns`);
  }
  return lines.map((line) => {
    try {
      return patternOf(line, isWeakAllowed);
    } catch (error) {
      if (!(error instanceof ConfigInvalid)) throw error;
      throw new ConfigInvalid(`${KEY}: "${line}": ${error.message}`);
    }
  });
};
