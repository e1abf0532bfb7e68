import assert from 'node:assert/strict';
import { test } from 'node:test';

import { credentialsOfToken } from '#policy/credentials';

import { DEFAULT_TOKEN_CACHE, makeTokenCache, tokenKey, TooManyQuestions } from './token-cache.ts';
import type { TokenFacts } from './token-facts.ts';

const factsOf = (user: string): TokenFacts => ({
  expiresMs: 0,
  credentials: credentialsOfToken({ user_id: user, roles: [] }),
});

const clockAt = (nowMs: number) => {
  const clock = { nowMs, monotonicMs: () => clock.nowMs };
  return clock;
};

const OPTIONS = { ...DEFAULT_TOKEN_CACHE, goodMs: 300, badMs: 10, goodMax: 2, badMax: 2 };

test('a good answer is known until its time is over, a bad one for a moment', async () => {
  const clock = clockAt(0);
  const cache = makeTokenCache(OPTIONS, clock);
  await cache.ask('good', async () => factsOf('a'));
  await cache.ask('bad', async () => undefined);

  const seen = [0, 9, 10, 299, 300].map((nowMs) => {
    clock.nowMs = nowMs;
    return [cache.find('good')?.credentials.user_id, cache.find('bad')];
  });

  assert.deepEqual(seen, [
    ['a', null],
    ['a', null],
    ['a', undefined],
    ['a', undefined],
    [undefined, undefined],
  ]);
});

test('questions about one token at the same time are one, and the next one asks again', async () => {
  const cache = makeTokenCache({ ...OPTIONS, goodMs: 0 }, clockAt(0));
  let asked = 0;
  const ask = async (): Promise<TokenFacts> => {
    asked += 1;
    await Promise.resolve();
    return factsOf('a');
  };

  const answers = await Promise.all([1, 2, 3].map(() => cache.ask('k', ask)));
  const askedAtOnce = asked;
  await cache.ask('k', ask);

  assert.deepEqual([askedAtOnce, asked], [1, 2]);
  assert.ok(answers.every((each) => each === answers[0]));
  assert.equal(cache.find('k'), undefined);
});

test('a failed question is not remembered', async () => {
  const cache = makeTokenCache(OPTIONS, clockAt(0));

  await assert.rejects(
    cache.ask('k', () => Promise.reject(new Error('away'))),
    /away/,
  );

  assert.equal(cache.find('k'), undefined);
  assert.equal((await cache.ask('k', async () => factsOf('a')))?.credentials.user_id, 'a');
});

test('the oldest are forgotten, and bad tokens never push out good ones', async () => {
  const cache = makeTokenCache(OPTIONS, clockAt(0));
  for (const key of ['g1', 'g2']) await cache.ask(key, async () => factsOf(key));
  for (const key of ['b1', 'b2', 'b3']) await cache.ask(key, async () => undefined);
  const afterBad = ['g1', 'g2', 'b1', 'b2', 'b3'].map((key) => cache.find(key) === undefined);
  await cache.ask('g3', async () => factsOf('g3'));

  assert.deepEqual(afterBad, [false, false, true, false, false]);
  assert.equal(cache.find('g1'), undefined);
  assert.equal(cache.find('g2')?.credentials.user_id, 'g2');
});

test('more questions than may be under way are refused at once', async () => {
  const cache = makeTokenCache({ ...OPTIONS, waitingMax: 1 }, clockAt(0));
  const open = Promise.withResolvers<TokenFacts | undefined>();
  const first = cache.ask('a', () => open.promise);

  await assert.rejects(
    cache.ask('b', async () => factsOf('b')),
    TooManyQuestions,
  );
  open.resolve(factsOf('a'));
  assert.equal((await first)?.credentials.user_id, 'a');
  assert.equal((await cache.ask('b', async () => factsOf('b')))?.credentials.user_id, 'b');
});

test('a key tells tokens and questions apart, and holds no token', () => {
  const keys = [tokenKey('secret', false), tokenKey('secret', true), tokenKey('secret2', false)];

  assert.equal(new Set(keys).size, 3);
  assert.ok(keys.every((key) => !key.includes('secret')));
});
