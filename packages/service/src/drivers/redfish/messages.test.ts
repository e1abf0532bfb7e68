import assert from 'node:assert/strict';
import { test } from 'node:test';

import { messagesOf, textOf } from './messages.ts';

const answer = {
  error: {
    code: 'Base.1.8.GeneralError',
    message: 'See the messages.',
    '@Message.ExtendedInfo': [
      { MessageId: 'Base.1.8.1.PropertyMissing', Message: 'It lacks x.', MessageArgs: ['x', 4] },
      { MessageId: 'Oem.2.Odd', Message: 'Password hunter22 is bad.\u001b[2J' },
    ],
  },
};

test('messages are known by the last part of their id', () => {
  assert.deepEqual(
    messagesOf(answer, []).map((message) => [message.key, message.arguments]),
    [
      ['PropertyMissing', ['x']],
      ['Odd', []],
    ],
  );
});

test('secrets and control characters are cut out of what is said', () => {
  assert.equal(textOf(messagesOf(answer, ['hunter22'])), 'It lacks x. Password *** is bad. [2J');
});

test('without messages the general one has to do', () => {
  assert.equal(textOf(messagesOf({ error: { message: 'No.' } }, [])), 'No');
});

for (const odd of [
  undefined,
  null,
  3,
  [],
  {},
  { error: [] },
  { error: { '@Message.ExtendedInfo': [1] } },
]) {
  test(`${JSON.stringify(odd)} says nothing`, () => {
    assert.equal(textOf(messagesOf(odd as never, [])), '');
  });
}
