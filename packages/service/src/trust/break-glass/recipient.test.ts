import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';

import { parseRecipient, parseRecipients, RecipientInvalid } from './recipient.ts';

const newRecipient = async (): Promise<string> =>
  identityToRecipient(await generateX25519Identity());

const refusal = (text: string): string => {
  try {
    parseRecipient(text);
  } catch (error) {
    assert.ok(error instanceof RecipientInvalid);
    return error.message;
  }
  return 'taken';
};

test('a public key of age is taken as it is', async () => {
  const text = await newRecipient();

  assert.equal(parseRecipient(text), text);
});

test('a public key with one wrong character is refused', async () => {
  const text = await newRecipient();
  const wrong = text.slice(0, -1) + (text.endsWith('q') ? 'p' : 'q');

  assert.match(refusal(wrong), /mistyped/);
});

test('a private key is refused, and is not in the text that says so', async () => {
  const identity = await generateX25519Identity();

  const text = refusal(identity);

  assert.match(text, /private key/);
  assert.ok(!text.includes(identity.slice(20, 40)));
});

test('keys that not every age opens are refused', async () => {
  const hybrid = await identityToRecipient(await generateHybridIdentity());

  assert.match(refusal(hybrid), /no X25519 public key/);
});

const WRONG = ['', 'age1', 'operator@site', 'ssh-ed25519 AAAA', '-R', 'AGE1QQQ', 'age1\n'];

for (const text of WRONG) {
  test(`${JSON.stringify(text)} is no public key of age`, () => {
    assert.match(refusal(text), /no X25519 public key/);
  });
}

test('the same people in another order are the same list', async () => {
  const [one, other] = [await newRecipient(), await newRecipient()];

  assert.deepEqual(parseRecipients([one, other, one]), parseRecipients([other, one]));
});
