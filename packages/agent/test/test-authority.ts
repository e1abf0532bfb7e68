// A certificate authority for tests: as that of the service, made anew for each run.

import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export type Identity = { readonly certificatePem: string; readonly keyPem: string };

export type TestAuthority = {
  readonly certificatePem: string;
  readonly issue: (name: string, usage: 'client' | 'server', address?: string) => Promise<Identity>;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const USAGE = { client: ExtendedKeyUsage.clientAuth, server: ExtendedKeyUsage.serverAuth };
const DAY_MS = 86_400_000;

const makeKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

export const makeTestAuthority = async (name: string): Promise<TestAuthority> => {
  const keys = await makeKeys();
  const subject = `CN=${name}`;
  const dates = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  };
  const own = await X509CertificateGenerator.createSelfSigned({
    name: subject,
    ...dates,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return {
    certificatePem: own.toString('pem'),
    issue: async (commonName, usage, address) => {
      const theirs = await makeKeys();
      const extensions: Extension[] = [new ExtendedKeyUsageExtension([USAGE[usage]])];
      if (address !== undefined) {
        extensions.push(new SubjectAlternativeNameExtension([{ type: 'ip', value: address }]));
      }
      const certificate = await X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: subject,
        ...dates,
        signingAlgorithm: ALGORITHM,
        publicKey: theirs.publicKey,
        signingKey: keys.privateKey,
        extensions,
      });
      const key = await crypto.subtle.exportKey('pkcs8', theirs.privateKey);
      return {
        certificatePem: certificate.toString('pem'),
        keyPem: PemConverter.encode(key, 'PRIVATE KEY'),
      };
    },
  };
};
