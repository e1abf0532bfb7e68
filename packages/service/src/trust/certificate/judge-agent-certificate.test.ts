import 'reflect-metadata';
import assert from 'node:assert/strict';
import type { webcrypto } from 'node:crypto';
import { test } from 'node:test';

import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

import { judgeAgentCertificate } from './judge-agent-certificate.ts';
import { pinOfCertificate } from './pin.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const RULES = { nowMs: NOW_MS, clockSkewMs: HOUR_MS };

const EC = (namedCurve: string) => ({ name: 'ECDSA', namedCurve, hash: 'SHA-256' });
const RSA = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

type Wish = {
  readonly algorithm?: ReturnType<typeof EC> | ReturnType<typeof RSA> | { readonly name: string };
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly addresses?: readonly string[];
};

/** As an agent makes it for itself. */
const makeCertificate = async (wish: Wish = {}): Promise<string> => {
  const algorithm = wish.algorithm ?? EC('P-256');
  const keys = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const names = (wish.addresses ?? []).map((value) => ({ type: 'ip' as const, value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=agent',
    notBefore: new Date(wish.fromMs ?? NOW_MS - HOUR_MS),
    notAfter: new Date(wish.untilMs ?? NOW_MS + HOUR_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  return certificate.toString('pem');
};

const reasonOf = (pem: string, address?: string): string | undefined => {
  const verdict = judgeAgentCertificate(pem, { ...RULES, address });
  return verdict.isFine ? undefined : verdict.reason;
};

test('keys of today are taken, and pinned', async () => {
  for (const algorithm of [EC('P-256'), EC('P-384'), RSA(2_048)]) {
    const pem = await makeCertificate({ algorithm });

    assert.deepEqual(judgeAgentCertificate(`\n${pem}\n`, RULES), {
      isFine: true,
      pin: pinOfCertificate(pem),
    });
  }
});

test('short keys, and keys that TLS peers do not agree on, are not', async () => {
  for (const algorithm of [RSA(1_024), { name: 'Ed25519' }]) {
    assert.equal(reasonOf(await makeCertificate({ algorithm })), 'key');
  }
});

test('exactly one certificate of a sane size is read', async () => {
  const pem = await makeCertificate();

  for (const text of [
    '',
    'x',
    `${pem}\n${pem}`,
    pem.slice(0, -40),
    `${'#'.repeat(16_384)}${pem}`,
  ]) {
    assert.equal(reasonOf(text), 'form');
  }
});

test('the clock of a machine may be behind ours, and a certificate must not be over', async () => {
  for (const [fromMs, untilMs, reason] of [
    [NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS, undefined],
    [NOW_MS + HOUR_MS + 1_000, NOW_MS + 2 * HOUR_MS, 'validity'],
    [NOW_MS - HOUR_MS, NOW_MS, undefined],
    [NOW_MS - HOUR_MS, NOW_MS - 1_000, 'validity'],
  ] as const) {
    assert.equal(reasonOf(await makeCertificate({ fromMs, untilMs })), reason);
  }
});

test('the address that it will be called at is in it', async () => {
  const pem = await makeCertificate({ addresses: ['10.99.0.51', 'fd00:99::7'] });

  assert.equal(reasonOf(pem, '10.99.0.51'), undefined);
  assert.equal(reasonOf(pem, 'fd00:99::7'), undefined);
  assert.equal(reasonOf(pem, '10.99.0.52'), 'address');
  assert.equal(reasonOf(await makeCertificate(), '10.99.0.51'), 'address');
});
