// The token that comes sealed to this boot of the agent: whoever ends TLS on the way sees the mask only.

import {
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { KEY_INFO, type SealedToken } from '@bessemer/protocol/agent/trust';

export type SealKey = {
  /** Raw public key, base64url, as it travels. */
  readonly publicKey: string;
  /** Null when it was not sealed to this key and this session. */
  readonly open: (sealed: SealedToken, session: string) => string | null;
};

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A token is 43 characters; anything much longer is none. */
const CIPHERTEXT_BYTES_MAX = 1_024;

export const makeSealKey = (): SealKey => sealKeyOf(generateKeyPairSync('x25519').privateKey);

export const sealKeyOf = (privateKey: KeyObject): SealKey => {
  const publicKey = String(createPublicKey(privateKey).export({ format: 'jwk' }).x);
  return { publicKey, open: (sealed, session) => open(privateKey, publicKey, sealed, session) };
};

const open = (
  privateKey: KeyObject,
  ownPublic: string,
  sealed: SealedToken,
  session: string,
): string | null => {
  const [theirs, nonce, ciphertext, tag] = [
    sealed.key,
    sealed.nonce,
    sealed.ciphertext,
    sealed.tag,
  ].map((text) => Buffer.from(text, 'base64url')) as [Buffer, Buffer, Buffer, Buffer];
  if (theirs.length !== KEY_BYTES || nonce.length !== NONCE_BYTES) return null;
  if (tag.length !== TAG_BYTES || ciphertext.length > CIPHERTEXT_BYTES_MAX) return null;
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') },
      format: 'jwk',
    });
    const salt = Buffer.concat([theirs, Buffer.from(ownPublic, 'base64url')]);
    const shared = diffieHellman({ privateKey, publicKey });
    const key = Buffer.from(
      hkdfSync('sha256', shared, salt, `${KEY_INFO.seal}${session}`, KEY_BYTES),
    );
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(session)).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch (error) {
    // A point of small order, or bytes that somebody changed: all the same to us.
    if (error instanceof Error) return null;
    throw error;
  }
};
