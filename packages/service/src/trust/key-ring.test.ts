import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { makeToken, openToken, sealToken } from './agent-token/grant.ts';
import { makeKeyRing } from './key-ring.ts';

const RING = makeKeyRing(new Map([['kek-0001', randomBytes(32)]]));
const SESSION = { nodeUuid: 'node', sessionId: 'session', bootNumber: 1 };

test('what is sealed opens with the same ring and context, and shows nothing before', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8 }), fc.string(), (bytes, context) => {
      const plain = Buffer.from(bytes);
      const sealed = RING.seal(plain, context);

      assert.ok(RING.open(sealed, context).equals(plain));
      assert.ok(!sealed.includes(plain.toString('base64')));
    }),
  );
});

test('a sealed token that was moved to another row does not open', () => {
  const { token } = makeToken();
  const sealed = sealToken(RING, token, SESSION);

  assert.equal(openToken(RING, sealed, SESSION).reveal(), token.reveal());
  for (const other of [
    { ...SESSION, nodeUuid: 'other' },
    { ...SESSION, sessionId: 'other' },
    { ...SESSION, bootNumber: 2 },
  ]) {
    assert.throws(() => openToken(RING, sealed, other));
  }
});

test('a sealed value that was altered, or whose key is another, does not open', () => {
  const sealed = RING.seal(Buffer.from('value'), 'context');
  const parts = JSON.parse(sealed) as { readonly data: { c: string } };
  parts.data.c = Buffer.from('other').toString('base64');

  assert.throws(() => RING.open(JSON.stringify(parts), 'context'));
  const other = makeKeyRing(new Map([['kek-0001', randomBytes(32)]]));
  assert.throws(() => other.open(sealed, 'context'));
  const renamed = makeKeyRing(new Map([['kek-0002', randomBytes(32)]]));
  assert.throws(() => renamed.open(sealed, 'context'), /kek-0001/);
});

test('after a new key, old values open and new ones are sealed by it; derived keys stay', () => {
  const first = randomBytes(32);
  const before = makeKeyRing(new Map([['kek-0001', first]]));
  const sealed = before.seal(Buffer.from('value'), 'context');
  const after = makeKeyRing(
    new Map([
      ['kek-0001', first],
      ['kek-0002', randomBytes(32)],
    ]),
  );

  assert.equal(after.open(sealed, 'context').toString(), 'value');
  assert.match(after.seal(Buffer.from('value'), 'context'), /"kek":"kek-0002"/);
  assert.deepEqual(after.deriveKey('a'), before.deriveKey('a'));
  assert.notDeepEqual(after.deriveKey('a'), after.deriveKey('b'));
});

test('tokens are 43 characters of URL-safe base64, and no two are equal', () => {
  const tokens = new Set(Array.from({ length: 1000 }, () => makeToken().token.reveal()));

  assert.equal(tokens.size, 1000);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{43}$/);
});
