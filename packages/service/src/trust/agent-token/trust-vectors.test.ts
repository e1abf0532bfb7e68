// What this half computes is what the other half expects: the vectors of the protocol.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  VECTOR_COMMAND,
  VECTOR_HEARTBEAT,
  VECTOR_KEYS,
  VECTOR_PROVE,
  VECTOR_SESSION,
  VECTOR_TOKEN,
} from '@bessemer/protocol/agent/trust-vectors';

import { Secret } from '../secret.ts';
import { deriveSessionKey, deriveSessionKeys } from './derived-keys.ts';
import { conductorProof, isAgentProof, newNonce } from './mutual-proof.ts';
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
