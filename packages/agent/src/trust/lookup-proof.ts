// What goes along with a lookup so that the service knows, before it gives a token, that the asker holds the key it
// will listen with: certificate, date, key for sealing, and a signature over the question with all of them.

import { createPrivateKey, sign } from 'node:crypto';
import {
  AGENT_CERTIFICATE_HEADER,
  AGENT_DATE_HEADER,
  AGENT_PROOF_HEADER,
  AGENT_SEAL_KEY_HEADER,
  lookupProofText,
} from '@bessemer/protocol/agent/trust';
import type { TlsIdentity } from './self-signed.ts';

export type LookupProofParts = {
  readonly identity: TlsIdentity;
  /** Of the key that the token is to be sealed to. */
  readonly sealKey: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly dateMs: number;
};

/** Empty for a key of another kind than EC: the service then takes this agent for a stock one. */
export const lookupProofHeaders = (
  parts: LookupProofParts,
): { readonly [name: string]: string } => {
  const { identity, sealKey, host, target, dateMs } = parts;
  const key = createPrivateKey(identity.keyPem);
  if (key.asymmetricKeyType !== 'ec') return {};
  const text = lookupProofText({ host, target, dateMs, sealKey });
  const proof = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return {
    [AGENT_CERTIFICATE_HEADER]: Buffer.from(identity.certificatePem).toString('base64url'),
    [AGENT_DATE_HEADER]: String(dateMs),
    [AGENT_PROOF_HEADER]: proof.toString('base64url'),
    [AGENT_SEAL_KEY_HEADER]: sealKey,
  };
};
