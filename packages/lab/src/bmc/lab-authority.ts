// The lab's certificate authority: one per lab, so that a client can trust all its BMCs by one file, or each
// by the pin of its key.

import 'reflect-metadata';
import { createHash, KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../clock.ts';

const VALID_MS = 365 * 24 * 3_600_000;
/** Machines whose clocks are behind must accept it too. */
const CLOCK_SKEW_MS = 24 * 3_600_000;
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' };

export type KeyPairPem = { readonly certificate: string; readonly key: string };

export type LabAuthority = {
  readonly certificate: string;
  readonly key: string;
  readonly issue: (name: string, address: string) => Promise<KeyPairPem>;
};

export const makeLabAuthority = async (clock: Clock): Promise<LabAuthority> => {
  const keys = await makeKeys();
  const subject = 'CN=Bessemer lab';
  const root = await x509.X509CertificateGenerator.create(
    {
      ...validity(clock),
      subject,
      issuer: subject,
      signingKey: keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const issue = async (name: string, address: string): Promise<KeyPairPem> => {
    const own = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        ...validity(clock),
        subject: `CN=${name}`,
        issuer: subject,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: address }]),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return { certificate: certificate.toString('pem'), key: keyPem(own.privateKey) };
  };
  return { certificate: root.toString('pem'), key: keyPem(keys.privateKey), issue };
};

/** Hex SHA-256 of the public key (SPKI) in a certificate. */
export const pinOf = (certificatePem: string): string => {
  const spki = new x509.X509Certificate(certificatePem).publicKey.rawData;
  return createHash('sha256').update(Buffer.from(spki)).digest('hex');
};

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);

const keyPem = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const validity = (clock: Clock): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(clock.wallMs() - CLOCK_SKEW_MS),
  notAfter: new Date(clock.wallMs() + VALID_MS),
});
