// What this half computes is what the other half expects: the vectors of the protocol.

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import {
  VECTOR_COMMAND,
  VECTOR_HEARTBEAT,
  VECTOR_KEYS,
  VECTOR_LOOKUP,
  VECTOR_PROVE,
  VECTOR_SEAL,
  VECTOR_SESSION,
  VECTOR_TOKEN,
} from '@bessemer/protocol/agent/trust-vectors';

import { Secret } from '../secret.ts';
import { deriveSessionKey, deriveSessionKeys } from './derived-keys.ts';
import { conductorProof, isAgentProof, newNonce } from './mutual-proof.ts';
import { judgeLookupProof } from './lookup-proof.ts';
import { sealTokenTo } from './sealed-token.ts';
import { isSignedBy, signRequest } from './signed-request.ts';

const token = new Secret(VECTOR_TOKEN);
const keys = deriveSessionKeys(token, VECTOR_SESSION);
const proofParts = { token, sessionId: VECTOR_SESSION, pin: VECTOR_PROVE.pin };
const { conductorNonce, agentNonce, agentProof } = VECTOR_PROVE;

test('the keys of a session come from its token as the agent makes them', () => {
  const shown = Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [name, key.toString('hex')]),
  );

  assert.deepEqual(shown, VECTOR_KEYS);
  assert.deepEqual(deriveSessionKey(token, VECTOR_SESSION, 'down'), keys.down);
});

test('a command is signed as the agent expects it', () => {
  const { signature, ...parts } = VECTOR_COMMAND;

  assert.equal(signRequest(keys.down, parts), signature);
});

test('a heartbeat is believed by its signature, and by no other', () => {
  const { signature, ...parts } = VECTOR_HEARTBEAT;

  assert.ok(isSignedBy(keys.up, parts, signature));
  for (const changed of [
    { method: 'PUT' },
    { path: `${parts.path}/` },
    { sequence: `${parts.sequence}0` },
    { body: `${parts.body} ` },
  ]) {
    assert.equal(isSignedBy(keys.up, { ...parts, ...changed }, signature), false);
  }
  assert.equal(isSignedBy(keys.down, parts, signature), false);
  assert.equal(isSignedBy(keys.up, parts, ''), false);
});

test('the conductor proves the token as the agent expects it', () => {
  const { conductorProof: proof } = VECTOR_PROVE;

  assert.deepEqual(conductorProof(proofParts, conductorNonce), { nonce: conductorNonce, proof });
});

test('an agent proves the token, over both nonces and the key that it shows', () => {
  const answer = { nonce: agentNonce, proof: agentProof };

  assert.ok(isAgentProof(proofParts, conductorNonce, answer));
  assert.equal(isAgentProof(proofParts, newNonce(), answer), false);
  assert.equal(isAgentProof({ ...proofParts, pin: 'f'.repeat(64) }, conductorNonce, answer), false);
  for (const bad of [
    null,
    {},
    { nonce: agentNonce },
    { nonce: agentNonce, proof: VECTOR_PROVE.conductorProof },
    { nonce: newNonce(), proof: agentProof },
    conductorProof(proofParts, conductorNonce),
  ]) {
    assert.equal(isAgentProof(proofParts, conductorNonce, bad), false);
  }
});

test('a token is sealed as the agent opens it', () => {
  const privateKey = createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'X25519',
      d: VECTOR_SEAL.servicePrivate,
      x: VECTOR_SEAL.sealed.key,
    },
    format: 'jwk',
  });
  const nonce = Buffer.from(VECTOR_SEAL.sealed.nonce, 'base64url');

  const sealed = sealTokenTo(VECTOR_SEAL.agentPublic, token, VECTOR_SESSION, { privateKey, nonce });

  assert.deepEqual(sealed, VECTOR_SEAL.sealed);
});

const proofFacts = {
  certificatePem: Buffer.from(VECTOR_LOOKUP.certificateHeader, 'base64url').toString(),
  signature: VECTOR_LOOKUP.proof,
  dateMs: VECTOR_LOOKUP.dateMs,
  sealKey: VECTOR_LOOKUP.sealKey,
  host: VECTOR_LOOKUP.host,
  target: VECTOR_LOOKUP.target,
};

/** A time at which the certificate of the vector was good. */
const certificateNow = new Date(new X509Certificate(proofFacts.certificatePem).validFrom).getTime();
const rules = { nowMs: certificateNow, clockSkewMs: Number.MAX_SAFE_INTEGER };

test('a lookup is believed by the proof of its key, and by no other', () => {
  const right = judgeLookupProof(proofFacts, rules);

  assert.ok(right.isRight && right.pin.length === 64 && right.sealKey === VECTOR_LOOKUP.sealKey);
  for (const changed of [
    { host: '10.99.0.2:6386' },
    { target: `${VECTOR_LOOKUP.target}&node_uuid=x` },
    { dateMs: VECTOR_LOOKUP.dateMs + 1 },
    { sealKey: VECTOR_LOOKUP.sealKey.replace('e', 'f') },
    { sealKey: '' },
    { signature: '' },
    { signature: VECTOR_LOOKUP.proof.replace('M', 'N') },
    { certificatePem: 'x' },
    { certificatePem: proofFacts.certificatePem.repeat(2) },
    { dateMs: Number.NaN },
  ]) {
    assert.equal(judgeLookupProof({ ...proofFacts, ...changed }, rules).isRight, false);
  }
});

test('a proof is for a while, and a certificate for its time', () => {
  const skewed = { nowMs: certificateNow, clockSkewMs: 3_600_000 };
  const late = { ...rules, nowMs: certificateNow + 40 * 86_400_000 };

  assert.deepEqual(judgeLookupProof(proofFacts, skewed), { isRight: false, reason: 'date' });
  assert.deepEqual(judgeLookupProof(proofFacts, late), {
    isRight: false,
    reason: 'certificate validity',
  });
});
