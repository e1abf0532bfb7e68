// crypt(3) with SHA-256 (`$5$...`): how agents take the password of a rescue system, which is never kept as it was
// given.

import { createHash, randomInt } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SALT_CHARS = 16;
const DIGEST_BYTES = 32;
/** What crypt(3) takes when nothing is said; the result does not name it then. */
const ROUNDS = 5_000;

const sha256 = (...pieces: readonly Buffer[]): Buffer => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

/** `digest`, over and over, cut to `length`. */
const stretch = (digest: Buffer, length: number): Buffer =>
  Buffer.concat([
    ...Array.from({ length: Math.floor(length / DIGEST_BYTES) }, () => digest),
    digest.subarray(0, length % DIGEST_BYTES),
  ]);

const firstDigest = (password: Buffer, salt: Buffer): Buffer => {
  const other = sha256(password, salt, password);
  const pieces = [password, salt, stretch(other, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) {
    pieces.push(bits % 2 === 1 ? other : password);
  }
  return sha256(...pieces);
};

const repeated = (piece: Buffer, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => piece));

const SALT_REPEATS = 16;
const SALT_EVERY = 3;
const PASSWORD_EVERY = 7;

const digestOf = (password: Buffer, salt: Buffer): Buffer => {
  let digest = firstDigest(password, salt);
  const p = stretch(sha256(repeated(password, password.length)), password.length);
  const s = stretch(sha256(repeated(salt, SALT_REPEATS + (digest[0] as number))), salt.length);
  for (let round = 0; round < ROUNDS; round += 1) {
    const isOdd = round % 2 === 1;
    const pieces = [isOdd ? p : digest];
    if (round % SALT_EVERY !== 0) pieces.push(s);
    if (round % PASSWORD_EVERY !== 0) pieces.push(p);
    pieces.push(isOdd ? digest : p);
    digest = sha256(...pieces);
  }
  return digest;
};

/** The order of bytes is the format's own. */
const TRIPLES = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
] as const;
const CHAR_BITS = 6;

const charsOf = (value: number, count: number): string => {
  let rest = value;
  let chars = '';
  for (let index = 0; index < count; index += 1) {
    chars += ALPHABET[rest % (1 << CHAR_BITS)];
    rest >>= CHAR_BITS;
  }
  return chars;
};

const textOf = (digest: Buffer): string => {
  const byte = (index: number): number => digest[index] as number;
  const triples = TRIPLES.map(([a, b, c]) =>
    charsOf((byte(a) << 16) | (byte(b) << 8) | byte(c), 4),
  );
  return `${triples.join('')}${charsOf((byte(31) << 8) | byte(30), 3)}`;
};

const freshSalt = (): string =>
  Array.from({ length: SALT_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

export const cryptSha256 = (password: string, salt = freshSalt()): string => {
  const digest = digestOf(Buffer.from(password), Buffer.from(salt));
  return `$5$${salt}$${textOf(digest)}`;
};
