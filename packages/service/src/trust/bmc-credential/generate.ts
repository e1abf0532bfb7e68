// Passwords of BMCs. Unbiased: a whole candidate is drawn evenly over all texts of the profile's alphabet and drawn
// again when it breaks a rule, so that all passwords that keep the rules are equally likely.

import { randomBytes } from 'node:crypto';

import { Secret } from '../secret.ts';
import { type PasswordProfile, startsOf } from './password-profiles.ts';

/** Bytes of which none can be foretold. */
export type ByteSource = (count: number) => Uint8Array;

const BYTE_VALUES = 256;
/** A profile whose rules leave less than a hundredth would need more; that is a defect of the profile. */
const CANDIDATES_MAX = 10_000;

/** Evenly from 0 to `below` - 1: bytes in the last, incomplete round of the alphabet are thrown away. */
const makeDie = (source: ByteSource): ((below: number) => number) => {
  let bytes: Uint8Array = new Uint8Array();
  let at = 0;
  const next = (): number => {
    if (at >= bytes.length) {
      bytes = source(64);
      at = 0;
    }
    return bytes[at++] as number;
  };
  return (below) => {
    const limit = BYTE_VALUES - (BYTE_VALUES % below);
    for (;;) {
      const byte = next();
      if (byte < limit) return byte % below;
    }
  };
};

const isIn = (alphabet: string | undefined, character: string): boolean =>
  alphabet !== undefined && alphabet.includes(character);

/** Whether `password` is one of the profile; `username` must not be part of it. */
export const keepsProfile = (
  password: string,
  profile: PasswordProfile,
  username: string,
): boolean => {
  const { alphabets, lengthBytes, specials, isRepeatAllowed } = profile;
  const characters = Array.from(password);
  const classes = Object.values(alphabets);
  if (characters.length !== lengthBytes) return false;
  if (!characters.every((each) => classes.some((alphabet) => alphabet.includes(each))))
    return false;
  if (!classes.every((alphabet) => characters.some((each) => alphabet.includes(each))))
    return false;
  if (!isRepeatAllowed && characters.some((each, at) => each === characters[at + 1])) return false;
  const [first = ''] = characters;
  if (!startsOf(profile).some((name) => isIn(alphabets[name], first))) return false;
  if (isIn(alphabets.special, characters.at(-1) ?? '')) return false;
  const specialCount = characters.filter((each) => isIn(alphabets.special, each)).length;
  if (specials === 'one' && alphabets.special !== undefined && specialCount !== 1) return false;
  return username === '' || !password.toLowerCase().includes(username.toLowerCase());
};

export const generatePassword = (
  profile: PasswordProfile,
  username: string,
  source: ByteSource = randomBytes,
): Secret<string> => {
  const alphabet = Object.values(profile.alphabets).join('');
  if (alphabet.length === 0 || alphabet.length > BYTE_VALUES || /[^\x21-\x7e]/.test(alphabet)) {
    throw new Error(`profile ${profile.name} has no alphabet of printable ASCII`);
  }
  const roll = makeDie(source);
  for (let tries = 0; tries < CANDIDATES_MAX; tries += 1) {
    const characters = Array.from(
      { length: profile.lengthBytes },
      () => alphabet[roll(alphabet.length)] as string,
    );
    const password = characters.join('');
    if (keepsProfile(password, profile, username)) return new Secret(password);
  }
  throw new Error(`the rules of profile ${profile.name} leave nearly nothing`);
};
