// A certificate that the agent makes for itself when its boot medium brought none: one critical subject alternative
// name (the address that it announces), an hour back and 30 days forth, as the stock agent's. P-256: the service
// shakes hands with thousands of them, and P-384 would cost it nearly twice as much.

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

export type TlsIdentity = { readonly certificatePem: string; readonly keyPem: string };

const CLOCK_SKEW_MS = 3_600_000;
const VALIDITY_MS = 30 * 24 * 3_600_000;

export const makeSelfSigned = async (host: string, nowMs: number): Promise<TlsIdentity> => {
  // Loaded only here: most boots bring a certificate, and the library costs start-up time.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=bessemer-agent',
    notBefore: new Date(nowMs - CLOCK_SKEW_MS),
    notAfter: new Date(nowMs + VALIDITY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        [{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }],
        true,
      ),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: new X509Certificate(Buffer.from(certificate.rawData)).toString(),
    keyPem: x509.PemConverter.encode(key, 'PRIVATE KEY'),
  };
};
