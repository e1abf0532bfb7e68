// What this boot of the agent is bound to: token, session, its own key, and whether requests are signed. Filled by
// the boot medium first, then by what the service says at the lookup or with the node info. Nothing here is ever
// taken back: a service that once signed its commands cannot be imitated by one that does not.

import { createHash, X509Certificate } from 'node:crypto';
import type { BessemerConfig } from '@bessemer/protocol/agent/trust';
import { AgentToken } from './agent-token.ts';
import type { TlsIdentity } from './self-signed.ts';

export class AgentTrust {
  readonly token = new AgentToken();
  #session: string | null;
  #mustCommandsBeSigned: boolean;
  #signsHeartbeats = false;
  #pin: string | null = null;

  constructor(medium: { readonly session: string | null; readonly requiresSignatures: boolean }) {
    this.#session = medium.session;
    this.#mustCommandsBeSigned = medium.requiresSignatures;
  }

  get session(): string | null {
    return this.#session;
  }

  get mustCommandsBeSigned(): boolean {
    return this.#mustCommandsBeSigned;
  }

  get signsHeartbeats(): boolean {
    return this.#signsHeartbeats;
  }

  /** Hex SHA-256 of the public key that this agent serves; null while it serves none. */
  get pin(): string | null {
    return this.#pin;
  }

  serve(identity: TlsIdentity | null): void {
    this.#pin = identity === null ? null : pinOf(identity.certificatePem);
  }

  /** By a lookup, whose answer came from the authority of the medium: it knows best which boot this is. */
  join(session: string): void {
    this.#session = session;
  }

  /** A session that is known stays: it is what the token was made for. */
  learn(config: BessemerConfig): void {
    this.#session ??= config.session;
    if (!config.trust.signatures) return;
    this.#mustCommandsBeSigned = true;
    this.#signsHeartbeats = true;
  }
}

export const pinOf = (certificatePem: string): string => {
  const { publicKey } = new X509Certificate(certificatePem);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
};
