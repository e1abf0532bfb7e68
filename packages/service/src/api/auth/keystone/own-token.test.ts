import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Secret } from '#trust/secret';

import { KeystoneAway } from './keystone-away.ts';
import { makeOwnToken } from './own-token.ts';

const HOUR_MS = 3_600_000;

const world = () => {
  const state = { nowMs: 0, password: 'right' };
  const bodies: string[] = [];
  const tokens = makeOwnToken(
    {
      kind: 'password',
      username: 'ironic',
      userDomainName: 'Default',
      scope: { kind: 'project', name: 'service', domainName: 'Default' },
      secret: async () => new Secret(state.password),
    },
    async (body) => {
      bodies.push(body);
      if (!body.includes('"right"')) return { status: 401, headers: {}, body: undefined };
      const token = { expires_at: new Date(state.nowMs + HOUR_MS).toISOString() };
      const headers = { 'x-subject-token': `t${bodies.length}` };
      return { status: 201, headers, body: { token } };
    },
    { wallMs: () => state.nowMs, monotonicMs: () => state.nowMs },
  );
  return { state, bodies, tokens };
};

test('all who need a token wait for one login, and it is renewed before its end', async () => {
  const { state, bodies, tokens } = world();

  const [first, same] = await Promise.all([tokens.current(), tokens.current()]);
  state.nowMs = HOUR_MS - 60_001;
  const kept = await tokens.current();
  state.nowMs = HOUR_MS - 60_000;
  const next = await tokens.current();

  assert.ok(first === same && first === kept && first !== next);
  assert.equal(bodies.length, 2);
});

test('all whose question was refused with one token wait for one login', async () => {
  const { bodies, tokens } = world();
  const old = await tokens.current();

  const [first, same] = await Promise.all([tokens.after(old), tokens.after(old)]);
  const late = await tokens.after(old);

  assert.ok(first === same && first === late && first !== old);
  assert.equal(bodies.length, 2);
});

test('a refused login is not tried again for each request, and a new password counts', async () => {
  const { state, bodies, tokens } = world();
  state.password = 'wrong';
  await assert.rejects(tokens.current(), KeystoneAway);
  await assert.rejects(tokens.current(), /refused the login of this service with 401/);
  const triedAtOnce = bodies.length;

  state.password = 'right';
  state.nowMs = 5_000;
  const { token } = await tokens.current();

  assert.equal(triedAtOnce, 1);
  assert.equal(token.reveal(), 't2');
});

test('a login with an application credential asks for no scope', async () => {
  const bodies: string[] = [];
  const tokens = makeOwnToken(
    { kind: 'application-credential', id: 'ac1', secret: async () => new Secret('s') },
    async (body) => {
      bodies.push(body);
      return { status: 503, headers: {}, body: undefined };
    },
    { wallMs: () => 0, monotonicMs: () => 0 },
  );
  await assert.rejects(tokens.current(), KeystoneAway);

  assert.deepEqual(JSON.parse(bodies[0] ?? ''), {
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: { id: 'ac1', secret: 's' },
      },
    },
  });
});
