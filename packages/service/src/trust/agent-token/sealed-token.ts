// A token sealed to the agent that asked: whoever ends TLS on the way sees the mask only.

import {
  createCipheriv,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

import { KEY_INFO, type SealedToken } from '@bessemer/protocol/agent/trust';

import type { Secret } from '../secret.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;

export type SealChance = { readonly privateKey: KeyObject; readonly nonce: Buffer };

const newChance = (): SealChance => ({
  privateKey: generateKeyPairSync('x25519').privateKey,
  nonce: randomBytes(NONCE_BYTES),
});

const publicKeyOf = (sealKey: string): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: sealKey }, format: 'jwk' });

/** Base64url of 32 bytes. */
const SEAL_KEY_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** Points of low order make one secret out of every key: nothing can be sealed to them. */
export const isSealKey = (sealKey: string): boolean => {
  if (!SEAL_KEY_PATTERN.test(sealKey)) return false;
  try {
    diffieHellman({ privateKey: newChance().privateKey, publicKey: publicKeyOf(sealKey) });
    return true;
  } catch {
    return false;
  }
};

/** `sealKey` is a raw X25519 public key, base64url. Throws for one that is none. */
export const sealTokenTo = (
  sealKey: string,
  token: Secret<string>,
  session: string,
  chance = newChance(),
): SealedToken => {
  const { privateKey, nonce } = chance;
  const publicKey = publicKeyOf(sealKey);
  const own = String(createPublicKey(privateKey).export({ format: 'jwk' }).x);
  const salt = Buffer.concat([Buffer.from(own, 'base64url'), Buffer.from(sealKey, 'base64url')]);
  const shared = diffieHellman({ privateKey, publicKey });
  const key = createSecretKey(
    Buffer.from(hkdfSync('sha256', shared, salt, `${KEY_INFO.seal}${session}`, KEY_BYTES)),
  );
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(session));
  const ciphertext = Buffer.concat([cipher.update(token.reveal()), cipher.final()]);
  return {
    key: own,
    nonce: nonce.toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  };
};
