// Certificates for simulated agents: self-signed ones that are known by their key, and ones by an authority for the
// comparison of a pin with a chain.

import 'reflect-metadata';
import { type webcrypto, X509Certificate } from 'node:crypto';

import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

import { pinOfCertificate } from '../packages/service/src/trust/certificate/pin.ts';

export type Curve = 'P-256' | 'P-384';

export type AgentIdentity = {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly pin: string;
};

type Algorithm = { readonly name: 'ECDSA'; readonly namedCurve: Curve; readonly hash: string };

/** Certificates of agents are checked by name only where a chain is verified. */
export const AGENT_HOST = 'agent.bench';

const DAY_MS = 86_400_000;
const HASHES = { 'P-256': 'SHA-256', 'P-384': 'SHA-384' } as const;

const algorithmOf = (curve: Curve): Algorithm => ({
  name: 'ECDSA',
  namedCurve: curve,
  hash: HASHES[curve],
});

const makeKeys = async (algorithm: Algorithm): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const validity = (): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + DAY_MS),
});

export type BenchAuthority = {
  readonly certificatePem: string;
  readonly issue: (curve: Curve) => Promise<AgentIdentity>;
};

/** An authority as the service has one: P-384. */
export const makeBenchAuthority = async (): Promise<BenchAuthority> => {
  const own = algorithmOf('P-384');
  const keys = await makeKeys(own);
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=bench authority',
    ...validity(),
    signingAlgorithm: own,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const issue = async (curve: Curve): Promise<AgentIdentity> => {
    const agentKeys = await makeKeys(algorithmOf(curve));
    const certificate = await X509CertificateGenerator.create({
      subject: 'CN=bench agent',
      issuer: authority.subject,
      ...validity(),
      signingAlgorithm: own,
      publicKey: agentKeys.publicKey,
      signingKey: keys.privateKey,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: AGENT_HOST }])],
    });
    return identityOf(certificate.rawData, agentKeys);
  };
  return { certificatePem: authority.toString('pem'), issue };
};

export const makeSelfSignedAgent = async (curve: Curve): Promise<AgentIdentity> => {
  const algorithm = algorithmOf(curve);
  const keys = await makeKeys(algorithm);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=bench agent',
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: AGENT_HOST }])],
  });
  return identityOf(certificate.rawData, keys);
};

const identityOf = async (
  der: ArrayBuffer,
  keys: webcrypto.CryptoKeyPair,
): Promise<AgentIdentity> => {
  const certificatePem = new X509Certificate(Buffer.from(der)).toString();
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem,
    keyPem: PemConverter.encode(key, 'PRIVATE KEY'),
    pin: pinOfCertificate(certificatePem),
  };
};
