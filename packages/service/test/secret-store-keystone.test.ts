// The store on Barbican behind Keystone, both real: the service logs in with an application credential.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { systemClock } from '#clock';
import { Secret } from '#trust/secret';
import { makeBarbicanSecretStore } from '#trust/secret-store/barbican';
import type { SecretStore } from '#trust/secret-store/secret-store';

import {
  allowStoring,
  type Barbican,
  startBarbican,
} from '../../../test/barbican/start-barbican.ts';
import { type Keystone, startKeystone } from '../../../test/keystone/start-keystone.ts';
import { makeBarbicanTokens } from '../src/serve/barbican-tokens.ts';
import { makeExchange } from '../src/serve/secret-store-exchange.ts';
import { type FaultyDoor, openFaultyDoor } from './faulty-door.ts';
import {
  defineSecretStoreContract,
  newPlace,
  newWrite,
  troubleIs,
} from './secret-store-contract.ts';

/** Both answer one question after the other, on machines that have other work. */
const ANSWER_MS_MAX = 20_000;
const KEEPER = 'service_project_service';

type Credential = { readonly id: string; readonly secret: string };

let keystone: Keystone;
let barbican: Barbican;
let door: FaultyDoor;
let credential: Credential;
let keeper: SecretStore;
const ending: (() => Promise<void>)[] = [];

const open = ({ id, secret }: Credential): SecretStore => {
  const reach = (name: string, url: string, authorityPem?: string) => {
    const made = makeExchange({ name, url, authorityPem, timeoutMs: ANSWER_MS_MAX });
    ending.push(made.close);
    return made;
  };
  const { ask, close } = reach('Barbican', door.url, door.authorityPem);
  const tokens = makeBarbicanTokens(
    reach('Keystone', keystone.url).ask,
    { kind: 'application-credential', id, secret: async () => new Secret(secret) },
    systemClock,
  );
  return makeBarbicanSecretStore({ exchange: ask, tokens, close });
};

before(async () => {
  keystone = await startKeystone();
  await allowStoring(keystone, KEEPER);
  credential = await keystone.makeApplicationCredential(KEEPER);
  barbican = await startBarbican(keystone);
  door = await openFaultyDoor(() => barbican.url);
  keeper = open(credential);
});
after(async () => {
  for (const end of ending) await end();
  await door?.stop();
  await barbican?.stop();
  await keystone?.stop();
});

describe('the contract', () => defineSecretStoreContract(() => keeper));

test('a wrong secret of the credential is an account that is not accepted', async () => {
  const store = open({ ...credential, secret: 'wrong' });

  await assert.rejects(store.get(newPlace()), troubleIs('unauthorised'));
  assert.equal((await store.health()).state, 'unauthorised');
});

test('an account without a role in Barbican is not accepted, and nothing is stored', async () => {
  const store = open(await keystone.makeApplicationCredential('other_reader'));
  const place = newPlace();

  await assert.rejects(store.put(newWrite(place)), troubleIs('unauthorised'));

  assert.deepEqual(await keeper.list(place.nodeUuid), []);
});

test('a token that was revoked is replaced, and nobody notices', async () => {
  const store = open(credential);
  const place = newPlace();
  const write = newWrite(place);
  await store.put(write);
  // What Barbican says about a token that Keystone does not know any more, once.
  let isFirst = true;
  const countHits = door.break({ kind: 'status', status: 401, text: '' }, () => {
    const was = isFirst;
    isFirst = false;
    return was;
  });

  assert.equal((await store.get(place)).writeId, write.writeId);
  assert.equal(countHits(), 1);
  door.mend();
});

test('a Keystone that is away is a store that is away, as far as a new token is needed', async () => {
  const store = open(credential);
  await keystone.goDown();

  await assert.rejects(store.get(newPlace()), troubleIs('away'));
  assert.equal((await store.health()).state, 'away');
  await keystone.comeBack();

  assert.deepEqual(await store.health(), { state: 'ready' });
});
