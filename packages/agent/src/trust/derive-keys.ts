// Keys of one session, made from its token: one per direction and one for the mutual proof. Whoever sees a request
// of one direction learns nothing that could be said in the other.

import { hkdfSync } from 'node:crypto';
import { KEY_INFO } from '@bessemer/protocol/agent/trust';

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

export const deriveKeys = (token: string, session: string): SessionKeys => {
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', Buffer.from(token), NO_SALT, `${info}${session}`, KEY_BYTES));
  return {
    up: derive(KEY_INFO.up),
    down: derive(KEY_INFO.down),
    prove: derive(KEY_INFO.prove),
  };
};
