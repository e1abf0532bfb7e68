// Proofs and keys of a session, IPMI 2.0 section 13.31 and 13.32. Both sides prove that they know the password
// without sending it, and make the session's keys of what only they can compute.

import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

import type { CipherSuite } from './cipher-suites.ts';

export type Opening = {
  readonly suite: CipherSuite;
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  readonly consoleNonce: Buffer;
  readonly bmcNonce: Buffer;
  readonly bmcGuid: Buffer;
  /** Privilege level and lookup bit, as sent in RAKP 1. */
  readonly role: number;
  readonly username: Buffer;
};

export type SessionKeys = {
  readonly integrity: KeyObject;
  /** AES-128. */
  readonly encryption: KeyObject;
};

const AES_KEY_BYTES = 16;
/** Of the constants that keys are derived from; 20 for every hash, as BMCs and other consoles do it. */
const CONSTANT_BYTES = 20;

/** A key that is an object of the runtime is taken as it is; bytes would be looked at again for each use, at length. */
const hmac = (suite: CipherSuite, key: Buffer | KeyObject, ...parts: readonly Buffer[]): Buffer => {
  const made = createHmac(suite.hash, Buffer.isBuffer(key) ? createSecretKey(key) : key);
  for (const part of parts) made.update(part);
  return made.digest();
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const identity = ({ role, username }: Opening): Buffer =>
  Buffer.concat([Buffer.from([role, username.length]), username]);

/** What RAKP 2 must carry: the BMC knows the user's password. */
export const bmcProof = (opening: Opening, password: Buffer): Buffer =>
  hmac(
    opening.suite,
    password,
    uint32(opening.consoleSessionId),
    uint32(opening.bmcSessionId),
    opening.consoleNonce,
    opening.bmcNonce,
    opening.bmcGuid,
    identity(opening),
  );

/** What RAKP 3 carries: so does the console. */
export const consoleProof = (opening: Opening, password: Buffer): Buffer =>
  hmac(
    opening.suite,
    password,
    opening.bmcNonce,
    uint32(opening.consoleSessionId),
    identity(opening),
  );

/** `bmcKey` is Kg; a BMC without one uses the password. */
export const sessionIntegrityKey = (opening: Opening, bmcKey: Buffer): Buffer =>
  hmac(opening.suite, bmcKey, opening.consoleNonce, opening.bmcNonce, identity(opening));

/** What RAKP 4 must carry: both have the same session key. */
export const sessionProof = (opening: Opening, sik: Buffer): Buffer =>
  hmac(
    opening.suite,
    sik,
    opening.consoleNonce,
    uint32(opening.bmcSessionId),
    opening.bmcGuid,
  ).subarray(0, opening.suite.integrityBytes);

export const sessionKeys = (suite: CipherSuite, sik: Buffer): SessionKeys => ({
  integrity: createSecretKey(hmac(suite, sik, Buffer.alloc(CONSTANT_BYTES, 1))),
  encryption: createSecretKey(
    hmac(suite, sik, Buffer.alloc(CONSTANT_BYTES, 2)).subarray(0, AES_KEY_BYTES),
  ),
});

export const packetMark = (suite: CipherSuite, key: KeyObject, covered: Buffer): Buffer =>
  hmac(suite, key, covered).subarray(0, suite.integrityBytes);

/** In constant time, so that answers cannot be guessed byte by byte. */
export const isSameProof = (expected: Buffer, given: Buffer): boolean =>
  expected.length === given.length && timingSafeEqual(expected, given);
