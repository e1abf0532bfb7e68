import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';

import { VECTOR_SEAL, VECTOR_SESSION, VECTOR_TOKEN } from '@bessemer/protocol/agent/trust-vectors';

import { Secret } from '../secret.ts';
import { isSealKey, sealTokenTo } from './sealed-token.ts';

const token = new Secret(VECTOR_TOKEN);

test('a token is sealed as the agent opens it', () => {
  const { servicePrivate, agentPublic, sealed } = VECTOR_SEAL;
  const privateKey = createPrivateKey({
    key: { kty: 'OKP', crv: 'X25519', d: servicePrivate, x: sealed.key },
    format: 'jwk',
  });
  const nonce = Buffer.from(sealed.nonce, 'base64url');

  assert.deepEqual(sealTokenTo(agentPublic, token, VECTOR_SESSION, { privateKey, nonce }), sealed);
});

test('two seals have nothing in common', () => {
  const [one, other] = [1, 2].map(() =>
    sealTokenTo(VECTOR_SEAL.agentPublic, token, VECTOR_SESSION),
  );

  for (const part of ['key', 'nonce', 'ciphertext', 'tag'] as const) {
    assert.notEqual(one?.[part], other?.[part]);
  }
  assert.ok(!JSON.stringify(one).includes(VECTOR_TOKEN));
});

test('nothing is sealed to what is no key, or to one that makes every secret the same', () => {
  const zero = Buffer.alloc(32).toString('base64url');
  const one = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url');

  assert.ok(isSealKey(VECTOR_SEAL.agentPublic));
  for (const key of ['', 'x', zero, one, `${VECTOR_SEAL.agentPublic}A`, '*'.repeat(43)]) {
    assert.ok(!isSealKey(key), key);
  }
});
