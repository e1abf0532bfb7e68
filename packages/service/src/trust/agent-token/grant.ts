// Makes the token of one agent session. Kept are a hash (to check it) and a sealed copy (to send it); the plain
// token exists only on its way.

import { createHash, randomBytes } from 'node:crypto';

import { TOKEN_BYTES } from '@bessemer/protocol/agent/token';

import type { KeyRing } from '../key-ring.ts';
import { Secret } from '../secret.ts';

/** Plain SHA-256: a slow hash is pointless for 256 random bits. Hex. */
export const hashOfToken = (token: string): string =>
  createHash('sha256').update(token).digest('hex');

export type NewToken = { readonly token: Secret<string>; readonly hash: string };

export const makeToken = (): NewToken => {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  return { token: new Secret(token), hash: hashOfToken(token) };
};

/** What a sealed copy is bound to: it does not open in another row. */
export type SessionIdentity = {
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
};

/** What each sealed column of a session is bound to. */
export const sealContextOf = (
  purpose: 'agent-token' | 'agent-key',
  session: SessionIdentity,
): string =>
  `bessemer/${purpose}/v1 ${session.nodeUuid} ${session.sessionId} ${session.bootNumber}`;

export const sealToken = (keys: KeyRing, token: Secret<string>, session: SessionIdentity): string =>
  keys.seal(Buffer.from(token.reveal()), sealContextOf('agent-token', session));

export const openToken = (
  keys: KeyRing,
  sealed: string,
  session: SessionIdentity,
): Secret<string> =>
  new Secret(keys.open(sealed, sealContextOf('agent-token', session)).toString());

export const sealAgentKey = (
  keys: KeyRing,
  pem: Secret<string>,
  session: SessionIdentity,
): string => keys.seal(Buffer.from(pem.reveal()), sealContextOf('agent-key', session));
