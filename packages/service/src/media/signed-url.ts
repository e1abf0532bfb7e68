// Signatures of addresses that BMCs and agents fetch from: they cannot log in, so the address itself is the
// permission, for one thing and until a stated time.

import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** Base64url of 32 bytes. */
const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** `facts` are all that the address gives access to; another order or another border is another signature. */
export const signatureOf = (key: Buffer, facts: readonly (string | number)[]): string =>
  createHmac('sha256', createSecretKey(key)).update(JSON.stringify(facts)).digest('base64url');

export const isSignatureRight = (
  key: Buffer,
  facts: readonly (string | number)[],
  presented: string,
): boolean => {
  if (!SIGNATURE_PATTERN.test(presented)) return false;
  return timingSafeEqual(
    Buffer.from(presented, 'base64url'),
    Buffer.from(signatureOf(key, facts), 'base64url'),
  );
};

/** How an expiry stands in an address: whole seconds, rounded down. */
export const expiryText = (expiresMs: number): string => String(Math.floor(expiresMs / 1000));
