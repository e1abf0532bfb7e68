// What this half computes is what the other half expects: the vectors of the protocol.

import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  verify,
  X509Certificate,
} from 'node:crypto';
import { test } from 'node:test';
import { agentProofText, lookupProofText } from '@bessemer/protocol/agent/trust';
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
import { AgentToken } from './agent-token.ts';
import { pinOf } from './agent-trust.ts';
import { deriveKeys } from './derive-keys.ts';
import { keyedDigest } from './keyed-digest.ts';
import { lookupProofHeaders } from './lookup-proof.ts';
import { answerProof } from './mutual-proof.ts';
import { sealKeyOf } from './sealed-token.ts';
import { makeSelfSigned } from './self-signed.ts';
import { isSignedBy, signRequest } from './signed-request.ts';

const keys = deriveKeys(VECTOR_TOKEN, VECTOR_SESSION);

const agentSealKey = () =>
  sealKeyOf(
    createPrivateKey({
      key: {
        kty: 'OKP',
        crv: 'X25519',
        d: VECTOR_SEAL.agentPrivate,
        x: VECTOR_SEAL.agentPublic,
      },
      format: 'jwk',
    }),
  );

test('keys of a session come from token and session', () => {
  const shown = Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [name, key.toString('hex')]),
  );

  assert.deepEqual(shown, VECTOR_KEYS);
});

test('a heartbeat is signed as the service checks it', () => {
  const { body, signature, ...parts } = VECTOR_HEARTBEAT;

  assert.equal(signRequest(keys.up, { ...parts, body: Buffer.from(body) }), signature);
});

test('a command of the conductor is recognised, and no other way to say it', () => {
  const { method, path, sequence, signature, body: text } = VECTOR_COMMAND;
  const parts = { method, path, sequence, body: Buffer.from(text) };

  assert.ok(isSignedBy(keys.down, parts, signature));
  assert.equal(isSignedBy(keys.up, parts, signature), false);
  for (const changed of [
    { method: 'PUT' },
    { path: '/v1/commands' },
    { sequence: '12.8' },
    { body: Buffer.from(`${text} `) },
  ]) {
    assert.equal(isSignedBy(keys.down, { ...parts, ...changed }, signature), false);
  }
});

test('a sealed token opens with the key that it was sealed to', () => {
  const key = agentSealKey();

  assert.equal(key.publicKey, VECTOR_SEAL.agentPublic);
  assert.equal(key.open(VECTOR_SEAL.sealed, VECTOR_SESSION), VECTOR_TOKEN);
});

test('a sealed token does not open for another session, nor when a byte was changed', () => {
  const key = agentSealKey();
  const { sealed } = VECTOR_SEAL;
  const smallOrder = Buffer.alloc(32).toString('base64url');

  assert.equal(key.open(sealed, `${VECTOR_SESSION.slice(0, -1)}2`), null);
  for (const changed of [
    { ...sealed, key: VECTOR_SEAL.agentPublic },
    { ...sealed, key: smallOrder },
    { ...sealed, key: 'AAAA' },
    { ...sealed, nonce: 'AAAAAAAAAAAAAAAA' },
    { ...sealed, tag: 'AAAAAAAAAAAAAAAAAAAAAA' },
    { ...sealed, tag: 'AAAA' },
    { ...sealed, ciphertext: `A${sealed.ciphertext.slice(1)}` },
  ]) {
    assert.equal(key.open(changed, VECTOR_SESSION), null);
  }
});

test('the proof of a lookup is over host, target, date and seal key, by the key of the certificate', async () => {
  const { host, target, dateMs, sealKey } = VECTOR_LOOKUP;
  const identity = await makeSelfSigned('10.99.0.51', dateMs);

  const headers = lookupProofHeaders({ identity, sealKey, host, target, dateMs });

  const pem = Buffer.from(headers['x-bessemer-agent-cert'] ?? '', 'base64url').toString();
  const proof = Buffer.from(headers['x-bessemer-agent-proof'] ?? '', 'base64url');
  const key = { key: new X509Certificate(pem).publicKey, dsaEncoding: 'ieee-p1363' } as const;
  const text = lookupProofText({ host, target, dateMs, sealKey });
  assert.equal(pem, identity.certificatePem);
  assert.equal(headers['x-bessemer-agent-date'], String(dateMs));
  assert.equal(headers['x-bessemer-agent-seal-key'], sealKey);
  assert.ok(verify('sha256', Buffer.from(text), key, proof));
});

test('the proof in the vectors is right for its certificate', () => {
  const { certificateHeader, proof, ...parts } = VECTOR_LOOKUP;
  const pem = Buffer.from(certificateHeader, 'base64url').toString();
  const key = { key: new X509Certificate(pem).publicKey, dsaEncoding: 'ieee-p1363' } as const;

  const text = Buffer.from(lookupProofText(parts));
  assert.ok(verify('sha256', text, key, Buffer.from(proof, 'base64url')));
  assert.equal(pinOf(pem), VECTOR_PROVE.pin);
});

const prove = (params: { readonly nonce: string; readonly proof: string }) => {
  const token = new AgentToken();
  token.accept(VECTOR_TOKEN);
  const { pin, agentNonce } = VECTOR_PROVE;
  return answerProof({ token, session: VECTOR_SESSION, pin, ownNonce: agentNonce }, params);
};

test('a conductor that has the token gets the proof that the agent has it too', () => {
  const { conductorNonce, conductorProof, agentNonce, agentProof } = VECTOR_PROVE;

  const answer = prove({ nonce: conductorNonce, proof: conductorProof });

  assert.deepEqual(answer, { nonce: agentNonce, proof: agentProof });
});

test('a proof for another nonce, or of no right form, is answered by nothing', () => {
  const { agentNonce, conductorNonce, conductorProof, agentProof } = VECTOR_PROVE;

  for (const params of [
    { nonce: agentNonce, proof: conductorProof },
    { nonce: conductorNonce, proof: agentProof },
    { nonce: conductorNonce, proof: '' },
    { nonce: '', proof: conductorProof },
    { nonce: `${conductorNonce}\n${agentNonce}`, proof: conductorProof },
  ]) {
    assert.equal(prove(params), null);
  }
});

test("an agent's answer is no conductor's proof: it cannot be sent back", () => {
  const { pin, conductorNonce, agentNonce } = VECTOR_PROVE;
  const text = agentProofText(VECTOR_SESSION, pin, conductorNonce, agentNonce);

  assert.equal(prove({ nonce: conductorNonce, proof: keyedDigest(keys.prove, text) }), null);
});

test('the pin is of the public key, not of the certificate', async () => {
  const { certificatePem, keyPem } = await makeSelfSigned('192.0.2.1', 0);
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });

  assert.equal(pinOf(certificatePem), createHash('sha256').update(spki).digest('hex'));
});
