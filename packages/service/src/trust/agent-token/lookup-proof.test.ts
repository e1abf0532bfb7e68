import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';

import { lookupProofText } from '@bessemer/protocol/agent/trust';
import { VECTOR_LOOKUP } from '@bessemer/protocol/agent/trust-vectors';

import { makePrivateKeyPem } from '../certificate/authority.ts';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
} from '../certificate/issue-certificate.ts';
import { pinOfCertificate } from '../certificate/pin.ts';
import { judgeLookupProof, type LookupProofFacts } from './lookup-proof.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;
const RULES = { nowMs: NOW_MS, clockSkewMs: HOUR_MS };

const authorityKey = await makePrivateKeyPem();
const authority = {
  keyPem: authorityKey,
  certificatePem: await issueAuthorityCertificate(authorityKey, NOW_MS),
  certificatePath: '',
};
const issue = () =>
  issueAgentCertificate(authority, { commonName: 'agent', addresses: [], nowMs: NOW_MS });
const [own, other] = [await issue(), await issue()];

const signed = (parts: Parameters<typeof lookupProofText>[0], keyPem = own.keyPem): string =>
  sign('sha256', Buffer.from(lookupProofText(parts)), {
    key: keyPem.reveal(),
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url');

const PARTS = {
  host: '10.99.0.1:6386',
  target: '/v1/lookup?addresses=52:54:00:12:34:56',
  dateMs: NOW_MS,
  sealKey: VECTOR_LOOKUP.sealKey,
};
const PROOF: LookupProofFacts = {
  ...PARTS,
  certificatePem: own.certificatePem,
  signature: signed(PARTS),
};

const reasonOf = (more: Partial<LookupProofFacts>): string | undefined => {
  const verdict = judgeLookupProof({ ...PROOF, ...more }, RULES);
  return verdict.isRight ? undefined : verdict.reason;
};

test('the proof of our agent is taken, and tells the key that it will serve', () => {
  const certificatePem = Buffer.from(VECTOR_LOOKUP.certificateHeader, 'base64url').toString();
  const { host, target, dateMs, sealKey, proof: signature } = VECTOR_LOOKUP;
  // Its certificate was valid long before the date that it signed.
  const rules = { nowMs: Date.UTC(2026, 0, 15), clockSkewMs: 400 * 24 * HOUR_MS };

  const verdict = judgeLookupProof(
    { certificatePem, signature, host, target, dateMs, sealKey },
    rules,
  );

  assert.deepEqual(verdict, { isRight: true, pin: pinOfCertificate(certificatePem), sealKey });
});

test('T-06: a lookup that was meant for another host is no proof, whatever the header says', () => {
  const relayed = { ...PARTS, host: '10.0.0.66:6386' };
  const proof = { ...PROOF, ...relayed, signature: signed(relayed) };
  const known = { ...RULES, host: PARTS.host };

  assert.deepEqual(judgeLookupProof(proof, known), { isRight: false, reason: 'signature' });
  assert.equal(judgeLookupProof(PROOF, known).isRight, true);
  // A proxy that names itself to us does no harm.
  assert.equal(judgeLookupProof({ ...PROOF, host: 'inside:8443' }, known).isRight, true);
});

test('a proof is good for exactly what was signed, by exactly that key', () => {
  assert.equal(reasonOf({}), undefined);
  for (const more of [
    { host: '10.99.0.2:6386' },
    { target: '/v1/lookup?addresses=52:54:00:12:34:57' },
    { dateMs: NOW_MS + 1 },
    { sealKey: Buffer.alloc(32, 9).toString('base64url') },
    { certificatePem: other.certificatePem },
    { signature: signed(PARTS, other.keyPem) },
    { signature: '' },
    { signature: 'A'.repeat(86) },
  ]) {
    assert.equal(reasonOf(more), 'signature', JSON.stringify(more).slice(0, 60));
  }
});

test('an old proof is none, and neither is one from the future', () => {
  for (const [dateMs, reason] of [
    [NOW_MS - HOUR_MS, undefined],
    [NOW_MS - HOUR_MS - 1, 'date'],
    [NOW_MS + HOUR_MS, undefined],
    [NOW_MS + HOUR_MS + 1, 'date'],
    [Number.NaN, 'date'],
  ] as const) {
    assert.equal(reasonOf({ dateMs, signature: signed({ ...PARTS, dateMs }) }), reason);
  }
});

test('what is no key or no certificate is told as that, and nothing throws', () => {
  assert.equal(reasonOf({ sealKey: Buffer.alloc(32).toString('base64url') }), 'seal key');
  assert.equal(reasonOf({ sealKey: 'short' }), 'seal key');
  assert.equal(reasonOf({ certificatePem: 'x' }), 'certificate form');
  assert.equal(reasonOf({ certificatePem: '' }), 'certificate form');
});
