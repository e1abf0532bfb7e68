// What the service computes of the agent's trust, for tests: written from the words of the protocol, not from the
// agent's own files, so that a mistake on one side shows.

import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  AGENT_CERTIFICATE_HEADER,
  AGENT_DATE_HEADER,
  AGENT_PROOF_HEADER,
  AGENT_SEAL_KEY_HEADER,
  agentProofText,
  conductorProofText,
  KEY_INFO,
  lookupProofText,
  type SealedToken,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  signedText,
} from '@bessemer/protocol/agent/trust';

export const SESSION = '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11';

const keyOf = (token: string, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', token, '', `${info}${SESSION}`, 32));

const hmac = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url');

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const pinOfCertificate = (pem: string | Buffer): string =>
  sha256(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));

export type SignedSeen = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
};

/** The number of a heartbeat that is rightly signed with the key of `token`, else undefined. */
export const numberOfHeartbeat = (token: string, seen: SignedSeen): number | undefined => {
  const sequence = String(seen.headers[SEQUENCE_HEADER]);
  const text = signedText({
    method: seen.method,
    path: seen.path,
    bodyDigest: sha256(seen.body),
    sequence,
  });
  return seen.headers[SIGNATURE_HEADER] === hmac(keyOf(token, KEY_INFO.up), text)
    ? Number(sequence)
    : undefined;
};

/** Headers of a command as our conductor sends it. */
export const signCommand = (
  token: string,
  sequence: string,
  body: string,
  path = '/v1/commands/',
): { readonly [name: string]: string } => {
  const text = signedText({ method: 'POST', path, bodyDigest: sha256(body), sequence });
  return {
    [SEQUENCE_HEADER]: sequence,
    [SIGNATURE_HEADER]: hmac(keyOf(token, KEY_INFO.down), text),
  };
};

/** The certificate whose key was proved to be held by who asked, else undefined. */
export const provedCertificate = (
  headers: IncomingHttpHeaders,
  target: string,
): string | undefined => {
  const pem = Buffer.from(String(headers[AGENT_CERTIFICATE_HEADER]), 'base64url').toString();
  const text = lookupProofText({
    host: String(headers.host),
    target,
    dateMs: Number(headers[AGENT_DATE_HEADER]),
    sealKey: String(headers[AGENT_SEAL_KEY_HEADER]),
  });
  const key = new X509Certificate(pem).publicKey;
  const proof = Buffer.from(String(headers[AGENT_PROOF_HEADER]), 'base64url');
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, proof)
    ? pem
    : undefined;
};

export const sealTokenTo = (sealKey: string, token: string): SealedToken => {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const ownPublic = String(publicKey.export({ format: 'jwk' }).x);
  const theirs = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: sealKey },
    format: 'jwk',
  });
  const salt = Buffer.concat([
    Buffer.from(ownPublic, 'base64url'),
    Buffer.from(sealKey, 'base64url'),
  ]);
  const shared = diffieHellman({ privateKey, publicKey: theirs });
  const key = Buffer.from(hkdfSync('sha256', shared, salt, `${KEY_INFO.seal}${SESSION}`, 32));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(SESSION));
  const ciphertext = Buffer.concat([cipher.update(token), cipher.final()]);
  return {
    key: ownPublic,
    nonce: nonce.toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  };
};

export const newNonce = (): string => randomBytes(32).toString('base64url');

export const conductorProof = (token: string, pin: string, nonce: string): string =>
  hmac(keyOf(token, KEY_INFO.prove), conductorProofText(SESSION, pin, nonce));

export const agentProof = (token: string, pin: string, nonce: string, agentNonce: string): string =>
  hmac(keyOf(token, KEY_INFO.prove), agentProofText(SESSION, pin, nonce, agentNonce));
