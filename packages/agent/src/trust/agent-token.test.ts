import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { AgentToken } from './agent-token.ts';

const OLD = 'o'.repeat(43);
const NEW = 'n'.repeat(43);

const holding = (text: string): AgentToken => {
  const token = new AgentToken();
  token.accept(text);
  return token;
};

test('an unknown token is found by nothing, not even by no token', () => {
  const token = new AgentToken();

  for (const offered of [null, '', '******', OLD]) assert.equal(token.find(offered), null);
});

test('the mask and short texts are no tokens', () => {
  const token = holding(OLD);

  assert.equal(token.accept('******'), false);
  assert.equal(token.accept('short'), false);
  assert.ok(token.find(OLD));
});

test('a successor and its predecessor are both accepted until the successor is used', () => {
  const token = holding(OLD);

  assert.ok(token.replaceBy(NEW));

  const old = token.find(OLD);
  const successor = token.find(NEW);
  assert.ok(old !== null && token.use(old));
  assert.ok(successor !== null && token.find(OLD) !== null);
  assert.ok(token.use(successor));
  assert.equal(token.find(OLD), null);
  assert.ok(token.find(NEW));
});

test('a request that was under way with the old token is refused once the new one was used', () => {
  const token = holding(OLD);
  const old = token.find(OLD);
  token.replaceBy(NEW);
  const successor = token.find(NEW);
  assert.ok(old !== null && successor !== null);

  token.use(successor);

  assert.equal(token.use(old), false);
});

test('the same successor told twice is one, another takes its place, the present one changes nothing', () => {
  const token = holding(OLD);
  token.replaceBy(NEW);
  const first = token.find(NEW);

  token.replaceBy(NEW);
  assert.equal(token.find(NEW), first);
  token.replaceBy(OLD);
  assert.equal(token.find(NEW), first);
  token.replaceBy('x'.repeat(43));
  assert.equal(token.find(NEW), null);
  assert.ok(token.find(OLD));
});

test('what is no token of ours does not succeed, nor does anything succeed nothing', () => {
  const token = holding(OLD);

  for (const text of ['', '******', 'n'.repeat(42), `${'n'.repeat(42)}!`]) {
    assert.equal(token.replaceBy(text), false);
  }
  assert.equal(new AgentToken().replaceBy(NEW), false);
  assert.deepEqual(token.all().length, 1);
});

test('each token has keys of its own', () => {
  const token = holding(OLD);
  token.replaceBy(NEW);

  const [old, successor] = token.all().map((held) => held.keys('s').down.toString('hex'));

  assert.notEqual(old, successor);
});

test('a token shows itself to no log', () => {
  const token = holding(OLD);
  token.replaceBy(NEW);

  for (const shown of [
    JSON.stringify({ token, all: token.all() }),
    String(token) + token.all().join(),
    inspect(token, { depth: 9, showHidden: true }),
  ]) {
    assert.equal(shown.includes(OLD) || shown.includes(NEW), false);
  }
});
