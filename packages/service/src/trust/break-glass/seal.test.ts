import assert from 'node:assert/strict';
import { test } from 'node:test';

import { armor, Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

import { readBreakGlassContent } from '@bessemer/protocol/bmc/break-glass-content';

import { Secret } from '../secret.ts';
import { parseRecipient, type Recipient, RecipientInvalid } from './recipient.ts';
import { type BreakGlassLogin, sealLogin } from './seal.ts';

const PASSWORD = 'Canary7rotated-x';

const LOGIN: BreakGlassLogin = {
  node: { uuid: '11111111-1111-4111-8111-111111111111', name: 'rack4-slot2' },
  addresses: { redfish: 'https://192.0.2.7' },
  protocols: ['redfish', 'ipmi'],
  username: 'bsmr-a',
  password: new Secret(PASSWORD),
  writeId: 'w-1',
  sealedAt: '2026-01-02T03:04:05Z',
};

const newKey = async (): Promise<{ identity: string; recipient: Recipient }> => {
  const identity = await generateX25519Identity();
  return { identity, recipient: parseRecipient(await identityToRecipient(identity)) };
};

const open = async (sealed: Uint8Array, identity: string) => {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return readBreakGlassContent(await decrypter.decrypt(sealed, 'text'));
};

test('each operator that it is sealed to reads the whole login', async () => {
  const [one, other] = [await newKey(), await newKey()];

  const sealed = await sealLogin(LOGIN, [one.recipient, other.recipient], 'binary');

  const expected = { format: 'bessemer-break-glass/1', ...LOGIN, password: PASSWORD };
  assert.deepEqual(await open(sealed, one.identity), expected);
  assert.deepEqual(await open(sealed, other.identity), expected);
});

test('nobody else reads it', async () => {
  const [one, stranger] = [await newKey(), await newKey()];

  const sealed = await sealLogin(LOGIN, [one.recipient], 'binary');

  await assert.rejects(open(sealed, stranger.identity));
});

test('armored, it is text, and nothing of the login is in it', async () => {
  const { identity, recipient } = await newKey();

  const sealed = await sealLogin(LOGIN, [recipient]);

  const text = sealed.toString('latin1');
  assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----\n[A-Za-z0-9+/=\n]+-----END AGE/);
  for (const hidden of [PASSWORD, LOGIN.username, 'rack4']) assert.ok(!text.includes(hidden));
  assert.equal((await open(armor.decode(text), identity))?.username, 'bsmr-a');
});

test('the same login sealed twice is not the same file', async () => {
  const { recipient } = await newKey();

  const [one, other] = [await sealLogin(LOGIN, [recipient]), await sealLogin(LOGIN, [recipient])];

  assert.notDeepEqual(one, other);
});

test('it is sealed to somebody, or not at all', async () => {
  await assert.rejects(sealLogin(LOGIN, []), RecipientInvalid);
});

/** 32 zero bytes, written right. */
const ZERO_POINT = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';

test('a key that everybody could open the file of is refused', async () => {
  const ofSmallOrder = parseRecipient(ZERO_POINT);

  await assert.rejects(sealLogin(LOGIN, [ofSmallOrder]), RecipientInvalid);
});
