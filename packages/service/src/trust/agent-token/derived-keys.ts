// Keys of one session, made from its token: one per direction and one for the mutual proof of polling. The token
// enters as its 43 characters, as the agent has it.

import { hkdfSync } from 'node:crypto';

import { KEY_INFO } from '@bessemer/protocol/agent/trust';

import type { Secret } from '../secret.ts';

export type SessionKeys = {
  /** Signs what the agent sends. */
  readonly up: Buffer;
  /** Signs what the conductor sends. */
  readonly down: Buffer;
  /** Proves possession of the token without showing it. */
  readonly prove: Buffer;
};

const KEY_BYTES = 32;
const NO_SALT = Buffer.alloc(0);

/** The key of one purpose only: where many sessions are handled, the others are not paid for. */
export const deriveSessionKey = (
  token: Secret<string>,
  session: string,
  purpose: keyof SessionKeys,
): Buffer =>
  Buffer.from(
    hkdfSync('sha256', token.reveal(), NO_SALT, `${KEY_INFO[purpose]}${session}`, KEY_BYTES),
  );

export const deriveSessionKeys = (token: Secret<string>, session: string): SessionKeys => ({
  up: deriveSessionKey(token, session, 'up'),
  down: deriveSessionKey(token, session, 'down'),
  prove: deriveSessionKey(token, session, 'prove'),
});
