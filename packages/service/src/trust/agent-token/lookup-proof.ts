// Whether who asks holds the key that it will listen with. Checked before a token is given: from then on the token is
// worth nothing without that key.

import { verify, X509Certificate } from 'node:crypto';

import { lookupProofText } from '@bessemer/protocol/agent/trust';

import {
  type AgentCertificateRules,
  judgeAgentCertificate,
} from '../certificate/judge-agent-certificate.ts';
import { isSealKey } from './sealed-token.ts';

/** As it was sent. */
export type LookupProofFacts = {
  readonly certificatePem: string;
  readonly signature: string;
  readonly dateMs: number;
  readonly sealKey: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
};

export type LookupProofRules = AgentCertificateRules & {
  /**
   * Where agents are told to call, as in their Host header. The header of the request itself is not believed: who
   * relays a lookup that was meant for another host would send what suits. Undefined: not known.
   */
  readonly host?: string | undefined;
};

export type LookupProofVerdict =
  | { readonly isRight: true; readonly pin: string; readonly sealKey: string }
  | { readonly isRight: false; readonly reason: string };

export const judgeLookupProof = (
  proof: LookupProofFacts,
  rules: LookupProofRules,
): LookupProofVerdict => {
  const { certificatePem, signature, dateMs, sealKey, target } = proof;
  const host = rules.host ?? proof.host;
  if (!isSealKey(sealKey)) return { isRight: false, reason: 'seal key' };
  if (!(Math.abs(dateMs - rules.nowMs) <= rules.clockSkewMs)) {
    return { isRight: false, reason: 'date' };
  }
  const verdict = judgeAgentCertificate(certificatePem, rules);
  if (!verdict.isFine) return { isRight: false, reason: `certificate ${verdict.reason}` };
  const { publicKey } = new X509Certificate(certificatePem);
  if (publicKey.asymmetricKeyType !== 'ec') return { isRight: false, reason: 'certificate key' };
  const text = Buffer.from(lookupProofText({ host, target, dateMs, sealKey }));
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
  const isSigned = verify('sha256', text, key, Buffer.from(signature, 'base64url'));
  return isSigned
    ? { isRight: true, pin: verdict.pin, sealKey }
    : { isRight: false, reason: 'signature' };
};
