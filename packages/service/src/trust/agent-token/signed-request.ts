// Signatures over whole requests: method, path, digest of the body, sequence.

import { createHash } from 'node:crypto';

import { signedText } from '@bessemer/protocol/agent/trust';

import { isSameText, keyedDigest } from './keyed-digest.ts';

export type SignedParts = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The bytes as they travel. */
  readonly body: string | Uint8Array;
  readonly sequence: string;
};

export const signRequest = (key: Buffer, { method, path, body, sequence }: SignedParts): string => {
  const bodyDigest = createHash('sha256').update(body).digest('hex');
  return keyedDigest(key, signedText({ method, path, bodyDigest, sequence }));
};

export const isSignedBy = (key: Buffer, parts: SignedParts, offered: string): boolean =>
  isSameText(offered, signRequest(key, parts));
