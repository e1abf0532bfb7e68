import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { hashOfToken, makeToken } from './grant.ts';
import { isTokenRight } from './verify.ts';

test('a token is right against its own hash, and no other', () => {
  const { token, hash } = makeToken();
  const presented = token.reveal();

  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(hash, hashOfToken(presented));
  assert.equal(isTokenRight(presented, hash), true);
  assert.equal(isTokenRight(presented, makeToken().hash), false);
  assert.equal(isTokenRight(makeToken().token.reveal(), hash), false);
  // The hash itself is no token: who reads the store can send nothing.
  assert.equal(isTokenRight(hash, hash), false);
});

test('nothing presented or nothing stored is never right', () => {
  const { token, hash } = makeToken();

  assert.equal(isTokenRight(undefined, hash), false);
  assert.equal(isTokenRight('', hash), false);
  assert.equal(isTokenRight(token.reveal(), null), false);
  assert.equal(isTokenRight(undefined, null), false);
  assert.equal(isTokenRight('', null), false);
  // Even where somebody stored the hash of nothing.
  assert.equal(isTokenRight(undefined, hashOfToken('')), false);
});

test('a stored hash of another form is no hash', () => {
  const { token, hash } = makeToken();

  for (const stored of ['', 'x', hash.slice(2), `${hash}00`, '5a', '5a'.repeat(32)]) {
    assert.equal(isTokenRight(token.reveal(), stored), false, stored);
  }
});

test('no text but the token is taken for it', () => {
  const { token, hash } = makeToken();
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(isTokenRight(text, hash), text === token.reveal());
      assert.equal(isTokenRight(token.reveal() + text, hash), text === '');
    }),
  );
});
