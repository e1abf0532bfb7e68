import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';

import { pino } from 'pino';

import { Secret } from './secret.ts';

const HIDDEN = 'hunter2-hunter2';
const SECRET = new Secret(HIDDEN);
/** As if the compiler had not seen what is put into the text. */
const SLIPPED_IN = SECRET as unknown as string;

test('only reveal() opens a secret', () => {
  assert.equal(SECRET.reveal(), HIDDEN);
  assert.deepEqual(Object.keys(SECRET), []);
  assert.deepEqual(Reflect.ownKeys(SECRET), []);
});

test('a secret shows as *** in texts, JSON and inspection, however deep it lies', () => {
  const deep = { list: [SECRET], map: new Map([['key', SECRET]]) };

  assert.equal(`a ${SLIPPED_IN}`, 'a ***');
  assert.equal(String(SECRET), '***');
  assert.equal(['a', SLIPPED_IN].join(), 'a,***');
  assert.equal(JSON.stringify({ password: SECRET }), '{"password":"***"}');
  assert.equal(inspect(SECRET), '***');
  for (const text of [
    format('%s %j %o %O', SECRET, SECRET, SECRET, SECRET),
    inspect(deep, { depth: null, showHidden: true }),
    inspect(deep, { depth: null, customInspect: false, showHidden: true, getters: true }),
    JSON.stringify(structuredClone(SECRET)),
    JSON.stringify(Object.assign({}, SECRET)),
  ]) {
    assert.ok(!text.includes(HIDDEN), text);
  }
});

test('an error that carries a secret does not tell it', () => {
  const error = new Error(`refused ${SLIPPED_IN}`, { cause: { password: SECRET } });

  assert.equal(error.message, 'refused ***');
  assert.ok(!inspect(error, { depth: null }).includes(HIDDEN));
  assert.ok(!String(error.stack).includes(HIDDEN));
});

test('a log line with a secret in it does not tell it', () => {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

  log.debug({ password: SECRET, err: new Error('x', { cause: SECRET }) }, `with ${SLIPPED_IN}`);

  assert.equal(lines.length, 1);
  assert.ok(!lines.join().includes(HIDDEN), lines[0]);
});
