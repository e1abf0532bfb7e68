// Issues certificates. The only file that loads the certificate library: it is heavy, and a start that finds its
// certificates in place does not need it.

import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

import type { Secret } from '../secret.ts';
import { type Authority, makePrivateKeyPem, type NamedCurve } from './authority.ts';

const DAY_MS = 86_400_000;
/** Clocks of machines that just got power may be hours behind. */
const BACKDATED_MS = DAY_MS;
const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 825;
/** Longer than any boot of a ramdisk may last. */
const AGENT_DAYS = 30;
const SERIAL_BYTES = 16;

/** How the authority signs. */
const SIGNING = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
const AUTHORITY_NAME = 'CN=Bessemer certificate authority';

type CryptoKey = webcrypto.CryptoKey;

const importSigningKey = (keyPem: Secret<string>): Promise<CryptoKey> => {
  const pkcs8 = createPrivateKey(keyPem.reveal()).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, SIGNING, false, ['sign']);
};

const importPublicKey = (keyPem: Secret<string>, namedCurve: NamedCurve): Promise<CryptoKey> => {
  const spki = createPublicKey(keyPem.reveal()).export({ type: 'spki', format: 'der' });
  const algorithm = { name: 'ECDSA', namedCurve };
  return webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
};

type Validity = { readonly notBefore: Date; readonly notAfter: Date };

const validity = (days: number, nowMs: number): Validity => ({
  notBefore: new Date(nowMs - BACKDATED_MS),
  notAfter: new Date(nowMs + days * DAY_MS),
});

const serialNumber = (): string => {
  const bytes = randomBytes(SERIAL_BYTES);
  // Positive by the encoding's rules.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
};

export const issueAuthorityCertificate = async (
  keyPem: Secret<string>,
  nowMs: number,
): Promise<string> => {
  const [privateKey, publicKey] = await Promise.all([
    importSigningKey(keyPem),
    importPublicKey(keyPem, 'P-384'),
  ]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: AUTHORITY_NAME,
    issuer: AUTHORITY_NAME,
    ...validity(AUTHORITY_DAYS, nowMs),
    signingAlgorithm: SIGNING,
    publicKey,
    signingKey: privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return certificate.toString('pem');
};

export type IssuedCertificate = {
  readonly certificatePem: string;
  readonly keyPem: Secret<string>;
};

const issue = async (
  authority: Authority,
  wanted: {
    readonly commonName: string;
    readonly hosts: readonly string[];
    readonly days: number;
    readonly nowMs: number;
    readonly curve: NamedCurve;
    /** Each certificate is for one end of a connection only: an agent's key does not make a conductor. */
    readonly use: ExtendedKeyUsage;
  },
): Promise<IssuedCertificate> => {
  const keyPem = await makePrivateKeyPem(wanted.curve);
  const [publicKey, signingKey] = await Promise.all([
    importPublicKey(keyPem, wanted.curve),
    importSigningKey(authority.keyPem),
  ]);
  const names = wanted.hosts.map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([wanted.use]),
  ];
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [wanted.commonName] }],
    issuer: new X509Certificate(authority.certificatePem).subject,
    ...validity(wanted.days, wanted.nowMs),
    signingAlgorithm: SIGNING,
    publicKey,
    signingKey,
    extensions,
  });
  return { certificatePem: certificate.toString('pem'), keyPem };
};

/** For a listener of ours; `hosts` are names or addresses. */
export const issueServerCertificate = (
  authority: Authority,
  wanted: { readonly hosts: readonly string[]; readonly nowMs: number },
): Promise<IssuedCertificate> =>
  issue(authority, {
    commonName: wanted.hosts[0] ?? 'bessemer',
    hosts: wanted.hosts,
    days: SERVER_DAYS,
    nowMs: wanted.nowMs,
    curve: 'P-384',
    use: ExtendedKeyUsage.serverAuth,
  });

/** What a conductor shows to agents. P-256: it is shown on every connection of a sweep over thousands of them. */
export const issueConductorCertificate = (
  authority: Authority,
  wanted: { readonly hostname: string; readonly nowMs: number },
): Promise<IssuedCertificate> =>
  issue(authority, {
    commonName: `conductor ${wanted.hostname}`,
    hosts: [],
    days: SERVER_DAYS,
    nowMs: wanted.nowMs,
    curve: 'P-256',
    use: ExtendedKeyUsage.clientAuth,
  });

/** For the control listener of a separate boot host, reached as one of `hosts`. */
export const issueBootHostCertificate = (
  authority: Authority,
  wanted: { readonly hosts: readonly string[]; readonly nowMs: number },
): Promise<IssuedCertificate> =>
  issue(authority, {
    commonName: `boot host ${wanted.hosts[0] ?? ''}`,
    hosts: wanted.hosts,
    days: SERVER_DAYS,
    nowMs: wanted.nowMs,
    curve: 'P-256',
    use: ExtendedKeyUsage.serverAuth,
  });

/**
 * For one boot of an agent; `addresses` as far as they are known before the boot (the key is pinned anyway). P-256:
 * a handshake costs half of one with P-384, and the key lives for one boot.
 */
export const issueAgentCertificate = (
  authority: Authority,
  wanted: {
    readonly commonName: string;
    readonly addresses: readonly string[];
    readonly nowMs: number;
  },
): Promise<IssuedCertificate> =>
  issue(authority, {
    commonName: wanted.commonName,
    hosts: wanted.addresses,
    days: AGENT_DAYS,
    nowMs: wanted.nowMs,
    curve: 'P-256',
    use: ExtendedKeyUsage.serverAuth,
  });
