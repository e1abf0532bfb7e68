import assert from 'node:assert/strict';
import { test } from 'node:test';

import { credentialsOfToken } from '#policy/credentials';

import { authenticateKeystone } from './authenticate-keystone.ts';
import { KeystoneAway } from './keystone-away.ts';
import type { KeystoneClient } from './keystone-client.ts';
import { DEFAULT_TOKEN_CACHE, makeTokenCache } from './token-cache.ts';
import type { TokenFacts } from './token-facts.ts';

const END_MS = 1_000;
const USER: TokenFacts = {
  expiresMs: END_MS,
  credentials: credentialsOfToken({ user_id: 'alice', project_id: 'p1', roles: ['member'] }),
};
const serviceWith = (role: string): TokenFacts => ({
  expiresMs: 100_000,
  credentials: credentialsOfToken({ user_id: 'nova', project_id: 'svc', roles: [role] }),
});

/** A Keystone that knows three tokens, and tells an expired one only to who asks for it. */
const world = (options: { readonly isServiceRoleRequired?: boolean } = {}) => {
  const asked: string[] = [];
  const complaints: unknown[] = [];
  const state = { nowMs: 0, isAway: false };
  const known: { readonly [token: string]: TokenFacts } = {
    alice: USER,
    nova: serviceWith('service'),
    other: serviceWith('member'),
  };
  const validate: KeystoneClient['validate'] = async (token, { isExpiredAllowed }) => {
    asked.push(isExpiredAllowed ? `${token} expired` : token);
    if (state.isAway) throw new KeystoneAway('Keystone does not answer');
    const facts = known[token];
    const isOver = facts !== undefined && facts.expiresMs <= state.nowMs;
    return isOver && !isExpiredAllowed ? undefined : facts;
  };
  const clock = { wallMs: () => state.nowMs, monotonicMs: () => state.nowMs };
  const authenticate = authenticateKeystone({
    keystone: { validate },
    cache: makeTokenCache(DEFAULT_TOKEN_CACHE, clock),
    publicUrl: 'https://keystone.example/v3',
    serviceRoles: ['Service'],
    isServiceRoleRequired: options.isServiceRoleRequired ?? true,
    clock,
    log: { error: (...facts: unknown[]) => complaints.push(facts) } as never,
  });
  const ask = async (token: string, service?: string) => {
    const headers = { 'x-auth-token': token, ...(service && { 'x-service-token': service }) };
    const answer = await authenticate(headers);
    return answer.outcome === 'accepted' ? answer.credentials : answer.status;
  };
  return { state, asked, complaints, ask };
};

test('a token is asked about once, and answered at once after that', async () => {
  const { ask, asked } = world();

  assert.deepEqual(await ask('alice'), USER.credentials);
  assert.deepEqual(await ask('alice'), USER.credentials);
  assert.deepEqual(asked, ['alice']);
});

test('what cannot be one token is refused, and Keystone is not asked about it', async () => {
  const { ask, asked } = world();

  // The first is what a header that was sent twice becomes.
  for (const token of ['alice, alice', '', ' alice', 'alice\u0000', 'alicé', 'a'.repeat(12_289)]) {
    assert.equal(await ask(token), 401);
    assert.equal(await ask('alice', token === '' ? ' ' : token), 401);
  }
  assert.deepEqual(asked, []);
});

test('tokens are told apart by every character, and by nothing else', async () => {
  const { ask } = world();
  await ask('alice');

  assert.equal(await ask('Alice'), 401);
  assert.equal(await ask('alice '), 401);
  assert.equal(await ask('alice'.slice(0, -1)), 401);
});

test('a remembered token ends when it expires, however long answers are remembered', async () => {
  const { ask, state } = world();
  await ask('alice');

  state.nowMs = END_MS - 1;
  const before = await ask('alice');
  state.nowMs = END_MS;

  assert.notEqual(before, 401);
  assert.equal(await ask('alice'), 401);
});

test('an expired token passes with a service that vouches for it, and only then', async () => {
  const { ask, state, asked } = world();
  state.nowMs = END_MS + 1;

  const vouched = await ask('alice', 'nova');

  assert.ok(typeof vouched === 'object');
  assert.deepEqual(
    [vouched.user_id, vouched.service_user_id, vouched.service_project_id, vouched.service_roles],
    ['alice', 'nova', 'svc', ['service']],
  );
  assert.equal(await ask('alice'), 401);
  assert.equal(await ask('alice', 'other'), 401);
  assert.equal(await ask('alice', 'none'), 401);
  assert.equal(await ask('none', 'nova'), 401);
  assert.ok(!asked.includes('nova expired'));
});

test('without the demand for a role any good token vouches', async () => {
  const { ask } = world({ isServiceRoleRequired: false });

  assert.equal(typeof (await ask('alice', 'other')), 'object');
});

test('while Keystone is away only the known get in, and it is said once', async () => {
  const { ask, state, complaints } = world();
  await ask('alice');
  state.isAway = true;

  assert.equal(typeof (await ask('alice')), 'object');
  assert.deepEqual([await ask('other'), await ask('other')], [503, 503]);
  assert.equal(complaints.length, 1);
  state.isAway = false;
  assert.equal(typeof (await ask('other')), 'object');
});
