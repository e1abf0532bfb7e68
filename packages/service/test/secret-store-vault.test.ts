// The store on Vault or OpenBao, against our fake of them, through HTTPS and all that may happen to it.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Secret } from '#trust/secret';
import type { SecretStore } from '#trust/secret-store/secret-store';
import { makeVaultSecretStore, type VaultOptions } from '#trust/secret-store/vault';

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
import { ROLE_ID, ROOT_TOKEN, startVaultFake, type VaultFake } from './vault-fake.ts';

/** A busy machine answers within it; what hangs is waited for as long. */
const TIMEOUT_MS = 2_000;
const HOUR_MS = 3_600_000;

let vault: VaultFake;
let door: FaultyDoor;
const opened: SecretStore[] = [];

const open = (more: Partial<VaultOptions> = {}, isTrusting = true): SecretStore => {
  const { ask, close } = makeExchange({
    name: 'Vault',
    url: door.url,
    authorityPem: isTrusting ? door.authorityPem : undefined,
    timeoutMs: TIMEOUT_MS,
  });
  const secretId = async () => new Secret(vault.state.secretId);
  const login = { kind: 'approle', mount: 'approle', roleId: ROLE_ID, secretId } as const;
  const store = makeVaultSecretStore(
    { mount: 'secret', prefix: 'bessemer', namespace: undefined, login, ...more },
    { exchange: ask, clock: { monotonicMs: () => vault.state.nowMs }, close },
  );
  opened.push(store);
  return store;
};

before(async () => {
  vault = await startVaultFake();
  door = await openFaultyDoor(() => vault.url);
});
after(async () => {
  for (const store of opened) await store.close();
  await door?.stop();
  await vault?.stop();
});
beforeEach(() => {
  vault.state.logins = 0;
  vault.state.renewals = 0;
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
    isWrite: (method, path) => method === 'POST' && path.startsWith('/v1/secret/data/'),
    passWhile: () => (vault.state.nowMs += 5_000),
    distrusting: () => open({}, false),
  });
});

test('a sealed Vault is told apart from one that is away, and resumes', async () => {
  const store = open();
  const place = newPlace();
  vault.state.isSealed = true;

  await assert.rejects(store.put(newWrite(place)), troubleIs('sealed'));
  assert.equal((await store.health()).state, 'sealed');
  vault.state.isSealed = false;

  assert.equal((await store.put(newWrite(place))).version, 1);
  door.break({ kind: 'status', status: 503, text: 'no server is available' });
  await assert.rejects(store.get(place), troubleIs('away'));
  assert.equal((await store.health()).state, 'away');
  door.mend();
});

test('a token is renewed when two thirds of its life are over, and logged in for after its end', async () => {
  const store = open();
  const place = newPlace();
  await store.put(newWrite(place));

  vault.state.nowMs += HOUR_MS / 2;
  await store.get(place);
  const early = vault.state.renewals;
  vault.state.nowMs += HOUR_MS / 4;
  await store.get(place);
  const inTime = [vault.state.renewals, vault.state.logins];
  vault.state.nowMs += 2 * HOUR_MS;
  await store.get(place);

  assert.equal(early, 0);
  assert.deepEqual(inTime, [1, 1]);
  assert.equal(vault.state.logins, 2);
});

test('a token that was revoked is replaced once, and a policy that forbids is no loop', async () => {
  const store = open();
  const place = newPlace();
  await store.put(newWrite(place));
  vault.tokens.clear();

  await store.get(place);
  const logins = vault.state.logins;
  vault.state.isAllowed = false;

  await assert.rejects(store.get(place), troubleIs('unauthorised'));
  assert.equal((await store.health()).state, 'unauthorised');
  assert.equal(logins, 2);
  assert.ok(vault.state.logins <= 4);
  vault.state.isAllowed = true;
});

test('a wrong secret id is tried once in a while, not with each question', async () => {
  let tries = 0;
  const secretId = async () => {
    tries += 1;
    return new Secret('wrong');
  };
  const store = open({ login: { kind: 'approle', mount: 'approle', roleId: ROLE_ID, secretId } });

  await assert.rejects(store.get(newPlace()), troubleIs('unauthorised'));
  await assert.rejects(store.get(newPlace()), troubleIs('unauthorised'));
  const atOnce = tries;
  vault.state.nowMs += 5_000;
  await assert.rejects(store.get(newPlace()), troubleIs('unauthorised'));

  assert.deepEqual([atOnce, tries], [1, 2]);
});

test('a token from a file is read again when it is refused', async () => {
  let text = 'old';
  vault.tokens.set('old', { endMs: vault.state.nowMs + HOUR_MS, lifeSeconds: 3_600 });
  vault.tokens.set(ROOT_TOKEN, { endMs: Infinity, lifeSeconds: 0 });
  const store = open({ login: { kind: 'token', token: async () => new Secret(text) } });
  const place = newPlace();
  await store.put(newWrite(place));
  vault.tokens.delete('old');

  await assert.rejects(store.get(place), troubleIs('unauthorised'));
  text = ROOT_TOKEN;
  vault.state.nowMs += 5_000;

  assert.equal((await store.get(place)).version, 1);
});

test('the namespace goes with every question, the login too', async () => {
  vault.state.namespace = 'team-a';
  const place = newPlace();

  await open({ namespace: 'team-a' }).put(newWrite(place));
  await assert.rejects(open().get(place), troubleIs('unauthorised'));

  vault.state.namespace = undefined;
});

test('fifty versions are kept, and the write that each is', async () => {
  const store = open();
  const place = newPlace();
  const writes = Array.from({ length: 12 }, () => newWrite(place));
  for (const write of writes) await store.put(write);
  const [first] = writes;

  assert.equal((await store.findWrite(place, first?.writeId ?? ''))?.version, 1);
  assert.equal(await passwordAt(store, place, 1), first?.credential.password.reveal());
});

test('a place without key-value secrets of version 2 is named', async () => {
  const store = open({ mount: 'other' });

  await assert.rejects(store.get(newPlace()), /no key-value secrets, version 2, at other/);
});
