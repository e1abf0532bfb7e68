// Whether a certificate that an agent made itself may be pinned. Nobody vouches for it: it is looked at for what would
// make it useless or dangerous, and for the address that it claims.

import { X509Certificate } from 'node:crypto';

import { pinOfCertificate } from './pin.ts';

export type AgentCertificateRules = {
  readonly nowMs: number;
  /** How far the clock of a machine may be off. */
  readonly clockSkewMs: number;
  /** Address that the agent wants to be called at; undefined while it is not known. */
  readonly address?: string | undefined;
};

export type AgentCertificateVerdict =
  | { readonly isFine: true; readonly pin: string }
  | { readonly isFine: false; readonly reason: 'form' | 'key' | 'validity' | 'address' };

const CHARS_MAX = 16_384;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const RSA_BITS_MIN = 2_048;
const BEGIN = '-----BEGIN CERTIFICATE-----';

const parsed = (pem: string): X509Certificate | undefined => {
  if (pem.length > CHARS_MAX || pem.split(BEGIN).length !== 2) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    // Whatever it is, it is no certificate.
    return undefined;
  }
};

const isKeyFine = ({ publicKey }: X509Certificate): boolean => {
  const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'ec') return CURVES.has(namedCurve ?? '');
  return publicKey.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= RSA_BITS_MIN;
};

export const judgeAgentCertificate = (
  pem: string,
  rules: AgentCertificateRules,
): AgentCertificateVerdict => {
  const certificate = parsed(pem.trim());
  if (certificate === undefined) return { isFine: false, reason: 'form' };
  if (!isKeyFine(certificate)) return { isFine: false, reason: 'key' };
  const { nowMs, clockSkewMs, address } = rules;
  const isValid =
    certificate.validFromDate.getTime() <= nowMs + clockSkewMs &&
    certificate.validToDate.getTime() >= nowMs;
  if (!isValid) return { isFine: false, reason: 'validity' };
  if (address !== undefined && certificate.checkIP(address) === undefined) {
    return { isFine: false, reason: 'address' };
  }
  return { isFine: true, pin: pinOfCertificate(pem) };
};
