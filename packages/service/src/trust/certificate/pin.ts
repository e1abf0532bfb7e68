// A pin: SHA-256 of a public key (SPKI), in hex. Connections are made to a key, not to a chain.

import { createHash, X509Certificate } from 'node:crypto';

export const pinOfKey = (spkiDer: Buffer): string =>
  createHash('sha256').update(spkiDer).digest('hex');

/** Throws when `pem` is not a certificate. */
export const pinOfCertificate = (pem: string | Buffer): string =>
  pinOfKey(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }));
