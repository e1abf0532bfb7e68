// The store on Barbican: the real one, with the real Keystone, through HTTPS and all that may happen to it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { systemClock } from '#clock';
import { Secret } from '#trust/secret';
import { makeBarbicanSecretStore } from '#trust/secret-store/barbican';
import type { SecretStore } from '#trust/secret-store/secret-store';

import {
  type Barbican,
  makeStoringUser,
  startBarbican,
} from '../../../test/barbican/start-barbican.ts';
import { passwordOf } from '../../../test/keystone/people.ts';
import { type Keystone, startKeystone } from '../../../test/keystone/start-keystone.ts';
import { makeBarbicanTokens } from '../src/serve/barbican-tokens.ts';
import { makeExchange } from '../src/serve/secret-store-exchange.ts';
import { type FaultyDoor, openFaultyDoor } from './faulty-door.ts';
import {
  defineSecretStoreContract,
  newPlace,
  newWrite,
  passwordAt,
  troubleIs,
} from './secret-store-contract.ts';
import { defineSecretStoreFaults } from './secret-store-faults.ts';

/** It answers one question after the other, each within a tenth of this. */
const TIMEOUT_MS = 2_000;

let keystone: Keystone;
let barbican: Barbican;
let door: FaultyDoor;
let username: string;
const ending: (() => Promise<void>)[] = [];

const open = (password = passwordOf(username), isTrusting = true): SecretStore => {
  const { ask, close } = makeExchange({
    name: 'Barbican',
    url: door.url,
    authorityPem: isTrusting ? door.authorityPem : undefined,
    timeoutMs: TIMEOUT_MS,
  });
  const identity = makeExchange({
    name: 'Keystone',
    url: keystone.url,
    authorityPem: undefined,
    timeoutMs: TIMEOUT_MS,
  });
  ending.push(close, identity.close);
  const tokens = makeBarbicanTokens(
    identity.ask,
    {
      kind: 'password',
      username,
      userDomainName: 'Default',
      scope: { kind: 'project', name: 'service', domainName: 'Default' },
      secret: async () => new Secret(password),
    },
    systemClock,
  );
  return makeBarbicanSecretStore({ exchange: ask, tokens, close });
};

before(async () => {
  keystone = await startKeystone();
  username = await makeStoringUser(keystone);
  barbican = await startBarbican(keystone);
  door = await openFaultyDoor(() => barbican.url);
});
after(async () => {
  for (const end of ending) await end();
  await door?.stop();
  await barbican?.stop();
  await keystone?.stop();
});

describe('the contract', () => {
  let store: SecretStore;
  before(() => (store = open()));
  defineSecretStoreContract(() => store);
});

describe('faults', () => {
  let store: SecretStore;
  before(() => (store = open()));
  defineSecretStoreFaults({
    store: () => store,
    door: () => door,
    isWrite: (method, path) => method === 'POST' && path === '/v1/secrets',
    passWhile: () => undefined,
    distrusting: () => open(undefined, false),
  });
});

test('a Barbican that ended and came back has what was stored', async () => {
  const store = open();
  const place = newPlace();
  const write = newWrite(place);
  await store.put(write);

  await barbican.goDown();
  await assert.rejects(store.get(place), troubleIs('away'));
  await barbican.comeBack();

  assert.equal(await passwordAt(store, place), write.credential.password.reveal());
});

test('a wrong password at Keystone is an account that is not accepted', async () => {
  const store = open('wrong');

  await assert.rejects(store.get(newPlace()), troubleIs('unauthorised'));
  assert.equal((await store.health()).state, 'unauthorised');
});

test('a token that was revoked is replaced, and nobody notices', async () => {
  const store = open();
  const place = newPlace();
  await store.put(newWrite(place));
  // What Barbican says about a token that Keystone does not know any more, once.
  let isFirst = true;
  const countHits = door.break({ kind: 'status', status: 401, text: '' }, () => {
    const was = isFirst;
    isFirst = false;
    return was;
  });

  assert.equal((await store.get(place)).version, 1);
  assert.equal(countHits(), 1);
  door.mend();
});
