import assert from 'node:assert/strict';
import { test } from 'node:test';

import { trustObstacle } from './in-band-door.ts';

const TRUSTED = {
  state: 'BOUND',
  trustLevel: 2,
  pin: 'ab12',
  callbackUrl: 'https://192.0.2.7:9999',
} as const;

test('an agent that proved its key may be told a password', () => {
  assert.equal(trustObstacle(TRUSTED, true, 2), undefined);
  assert.equal(trustObstacle({ ...TRUSTED, trustLevel: 3 }, true, 2), undefined);
});

for (const [name, session] of [
  ['a key that was believed at first sight', { ...TRUSTED, trustLevel: 1 }],
  ['no TLS', { ...TRUSTED, trustLevel: 0, pin: null, callbackUrl: 'http://192.0.2.7:9999' }],
  ['TLS of a key that nobody knows', { ...TRUSTED, pin: null }],
] as const) {
  test(`trust is too low with ${name}`, () => {
    assert.match(trustObstacle(session, true, 2) ?? '', /^trust too low/);
  });
}

test('a conductor that cannot show who it is sends no password', () => {
  assert.match(trustObstacle(TRUSTED, false, 2) ?? '', /^trust too low/);
});

for (const [name, session] of [
  ['no session', undefined],
  ['a session that is waited for', { ...TRUSTED, state: 'SEALED' }],
  ['a session that is suspect', { ...TRUSTED, state: 'SUSPECT' }],
] as const) {
  test(`nobody is told a password with ${name}`, () => {
    assert.match(trustObstacle(session, true, 2) ?? '', /no agent of ours/);
  });
}
