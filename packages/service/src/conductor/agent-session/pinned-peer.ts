// Whether who answers a TLS connection holds the key of the session.

import { createHash, timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';

/** `pin` is the hex SHA-256 of a public key (SPKI). */
export const isPinnedPeer = (socket: unknown, pin: string): boolean => {
  if (!(socket instanceof TLSSocket)) return false;
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (key === undefined) return false;
  return timingSafeEqual(createHash('sha256').update(key).digest(), Buffer.from(pin, 'hex'));
};
