// HMAC-SHA-256 as base64url, compared in constant time.

import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** Of a key object: as bytes the key would cost the runtime several times the digest. */
export const keyedDigest = (key: Buffer, text: string): string =>
  createHmac('sha256', createSecretKey(key)).update(text).digest('base64url');

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Over digests of both: neither the place of the first difference nor the length shows in the time. */
export const isSameText = (offered: string, expected: string): boolean =>
  timingSafeEqual(digestOf(offered), digestOf(expected));
