// Checks a presented token against a stored hash, in the same time whether there is one or not.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Compared against when nothing is stored or nothing was presented; no token has this hash. */
const NO_HASH = Buffer.alloc(32, 0x5a);

export const isTokenRight = (presented: string | undefined, storedHash: string | null): boolean => {
  const digest = createHash('sha256')
    .update(presented ?? '')
    .digest();
  const expected = storedHash === null ? NO_HASH : Buffer.from(storedHash, 'hex');
  const isEqual = timingSafeEqual(digest, expected.length === NO_HASH.length ? expected : NO_HASH);
  return isEqual && presented !== undefined && storedHash !== null;
};
