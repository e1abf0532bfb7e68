import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { type Authority, makePrivateKeyPem } from './authority.ts';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
  issueConductorCertificate,
  issueServerCertificate,
} from './issue-certificate.ts';
import { pinOfCertificate, pinOfKey } from './pin.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

const makeAuthority = async (): Promise<Authority> => {
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, NOW_MS);
  return { keyPem, certificatePem, certificatePath: '' };
};

const AUTHORITY = await makeAuthority();
const AGENT = { commonName: 'node 1', addresses: ['10.99.0.51', 'fd00:99::7'], nowMs: NOW_MS };

test('certificates begin a day before the given time and end when they must', async () => {
  const server = await issueServerCertificate(AUTHORITY, { hosts: ['a'], nowMs: NOW_MS });
  const agent = await issueAgentCertificate(AUTHORITY, AGENT);

  for (const [pem, days] of [
    [AUTHORITY.certificatePem, 3_650],
    [server.certificatePem, 825],
    [agent.certificatePem, 30],
  ] as const) {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    assert.equal(validFromDate.getTime(), NOW_MS - DAY_MS);
    assert.equal(validToDate.getTime(), NOW_MS + days * DAY_MS);
  }
});

test('what is issued has its own key, and only its authority signed it', async () => {
  const { certificatePem, keyPem } = await issueAgentCertificate(AUTHORITY, AGENT);
  const certificate = new X509Certificate(certificatePem);
  const other = new X509Certificate((await makeAuthority()).certificatePem);

  assert.ok(certificate.verify(createPublicKey(AUTHORITY.certificatePem)));
  assert.ok(!certificate.verify(other.publicKey));
  assert.ok(certificate.publicKey.equals(createPublicKey(keyPem.reveal())));
  assert.equal(certificate.subject, 'CN=node 1');
  assert.equal(certificate.ca, false);
  assert.ok(new X509Certificate(AUTHORITY.certificatePem).ca);
});

test('a certificate is for the addresses that it was asked for, both families', async () => {
  const { certificatePem } = await issueAgentCertificate(AUTHORITY, AGENT);
  const certificate = new X509Certificate(certificatePem);

  assert.equal(certificate.checkIP('10.99.0.51'), '10.99.0.51');
  assert.equal(certificate.checkIP('fd00:99::7'), 'fd00:99::7');
  assert.equal(certificate.checkIP('10.99.0.52'), undefined);
  assert.equal(certificate.checkHost('node'), undefined);
});

test('a certificate is for one end of a connection: what an agent holds makes no conductor', async () => {
  const server = await issueServerCertificate(AUTHORITY, { hosts: ['a'], nowMs: NOW_MS });
  const agent = await issueAgentCertificate(AUTHORITY, AGENT);
  const conductor = await issueConductorCertificate(AUTHORITY, { hostname: 'c1', nowMs: NOW_MS });

  const usesOf = (pem: string) => new X509Certificate(pem).keyUsage;
  assert.deepEqual(usesOf(server.certificatePem), ['1.3.6.1.5.5.7.3.1']);
  assert.deepEqual(usesOf(agent.certificatePem), ['1.3.6.1.5.5.7.3.1']);
  assert.deepEqual(usesOf(conductor.certificatePem), ['1.3.6.1.5.5.7.3.2']);
  assert.equal(new X509Certificate(conductor.certificatePem).subject, 'CN=conductor c1');
});

test('keys of which many shake hands are P-256, keys that live long are P-384', async () => {
  const server = await issueServerCertificate(AUTHORITY, { hosts: ['a'], nowMs: NOW_MS });
  const agent = await issueAgentCertificate(AUTHORITY, AGENT);
  const conductor = await issueConductorCertificate(AUTHORITY, { hostname: 'c1', nowMs: NOW_MS });

  const curveOf = (pem: string) =>
    new X509Certificate(pem).publicKey.asymmetricKeyDetails?.namedCurve;
  assert.equal(curveOf(AUTHORITY.certificatePem), 'secp384r1');
  assert.equal(curveOf(server.certificatePem), 'secp384r1');
  assert.equal(curveOf(agent.certificatePem), 'prime256v1');
  assert.equal(curveOf(conductor.certificatePem), 'prime256v1');
});

test('no two certificates have one serial number, and none is negative', async () => {
  const issued = await Promise.all(
    Array.from({ length: 8 }, () => issueAgentCertificate(AUTHORITY, AGENT)),
  );

  const serials = issued.map(
    ({ certificatePem }) => new X509Certificate(certificatePem).serialNumber,
  );
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) assert.ok(Number.parseInt(serial.slice(0, 2), 16) < 0x80, serial);
});

test('the pin of a certificate is the digest of its public key, whoever signed it', async () => {
  const first = await issueAgentCertificate(AUTHORITY, AGENT);
  const second = await issueAgentCertificate(AUTHORITY, AGENT);

  const key = createPublicKey(first.keyPem.reveal()).export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(key).digest('hex');
  assert.equal(pinOfCertificate(first.certificatePem), digest);
  assert.equal(pinOfKey(key), digest);
  assert.notEqual(pinOfCertificate(second.certificatePem), digest);
  assert.throws(() => pinOfCertificate('no certificate'));
});
