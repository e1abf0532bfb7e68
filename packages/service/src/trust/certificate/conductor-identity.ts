// Certificate and key of this conductor, ready for TLS. The context is made once: parsing a key for each of ten
// thousand connections would cost more than the handshakes' own arithmetic.

import { createSecureContext, type SecureContext } from 'node:tls';

export type ConductorIdentity = {
  readonly certificatePem: string;
  /** Holds the key, and does not print it. */
  readonly context: SecureContext;
};

export const makeConductorIdentity = (
  certificatePem: string,
  keyPem: string,
): ConductorIdentity => ({
  certificatePem,
  context: createSecureContext({ cert: certificatePem, key: keyPem }),
});
