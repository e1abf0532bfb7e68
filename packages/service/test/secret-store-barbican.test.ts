// The store on Barbican, the real one, that takes everybody: the contract, and all that a network and a server may do to
// it. How it logs in is in secret-store-keystone.test.ts.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Secret } from '#trust/secret';
import type { Exchange } from '#trust/secret-store/exchange';
import type { SecretStore } from '#trust/secret-store/secret-store';

import { type Barbican, startBarbican } from '../../../test/barbican/start-barbican.ts';
import { type BareBarbican, openBareBarbican } from './bare-barbican.ts';
import { type FaultyDoor, openFaultyDoor } from './faulty-door.ts';
import {
  defineSecretStoreContract,
  newPlace,
  newWrite,
  passwordAt,
  troubleIs,
} from './secret-store-contract.ts';
import { defineSecretStoreFaults } from './secret-store-faults.ts';

/** A busy machine answers within it; what hangs is waited for as long. */
const FAULTY_MS_MAX = 3_000;

let barbican: Barbican;
let door: FaultyDoor;
let patient: SecretStore;
let hasty: SecretStore;
const ending: (() => Promise<void>)[] = [];

const openBare = (timeoutMs?: number): BareBarbican => {
  const opened = openBareBarbican(door.url, {
    authorityPem: door.authorityPem,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  ending.push(opened.close);
  return opened;
};

before(async () => {
  barbican = await startBarbican();
  door = await openFaultyDoor(() => barbican.url);
  patient = openBare().store;
  hasty = openBare(FAULTY_MS_MAX).store;
  // The first question makes it load the rest of itself.
  await patient.health();
});
after(async () => {
  for (const end of ending) await end();
  await door?.stop();
  await barbican?.stop();
});

describe('the contract', () => defineSecretStoreContract(() => patient));

describe('faults', () =>
  defineSecretStoreFaults({
    store: () => hasty,
    door: () => door,
    isWrite: (method, path) => method === 'POST' && path === '/v1/secrets',
    passWhile: () => undefined,
    distrusting: () => openBareBarbican(door.url).store,
  }));

/** Of everything in the project of this test. */
const countAll = async (exchange: Exchange): Promise<unknown> => {
  const { text } = await exchange({ method: 'GET', path: '/v1/secrets?limit=1' });
  return (JSON.parse(text) as { readonly total: unknown }).total;
};

test('twins of one write are one version, and are destroyed together', async () => {
  const { store, exchange } = openBare(FAULTY_MS_MAX);
  const place = newPlace();
  const write = newWrite(place);
  const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
  door.break({ kind: 'held', until }, (method) => method === 'POST');
  await assert.rejects(store.put(write), troubleIs('away'));
  door.mend();
  await store.put(write);
  letGo();
  await door.settled();
  const before = await countAll(exchange);

  const listed = await store.list(place.nodeUuid);
  await store.destroy(place, 1);

  assert.deepEqual([before, listed.length, await countAll(exchange)], [2, 1, 0]);
});

test('a quota that is used up, and a secret that is too large, are told apart from a wrong account', async () => {
  const { store, exchange, project } = openBare();
  const place = newPlace();
  const write = newWrite(place);
  await store.put(write);
  const large = { username: 'bsmr-a', password: new Secret('p'.repeat(22_000)) };
  await assert.rejects(store.put(newWrite(place, { credential: large })), {
    code: 'secret-store.full',
    message: /takes nothing so large/,
  });
  const answer = await exchange({
    method: 'PUT',
    path: `/v1/project-quotas/${project}`,
    headers: { 'x-roles': 'key-manager:service-admin' },
    body: { project_quotas: { secrets: 0 } },
  });

  await assert.rejects(store.put(newWrite(place)), {
    code: 'secret-store.full',
    message: /quota of the project/,
  });

  assert.equal(answer.status, 204);
  assert.equal((await store.list(place.nodeUuid)).length, 1);
  assert.equal(await passwordAt(store, place), write.credential.password.reveal());
  assert.deepEqual(await store.health(), { state: 'ready' });
});

test('a Barbican that ended and came back has what was stored', async () => {
  const store = patient;
  const place = newPlace();
  const write = newWrite(place);
  await store.put(write);

  await barbican.goDown();
  await assert.rejects(store.get(place), troubleIs('away'));
  await assert.rejects(store.put(newWrite(place)), troubleIs('away'));
  assert.equal((await store.health()).state, 'away');
  await barbican.comeBack();

  assert.equal(await passwordAt(store, place), write.credential.password.reveal());
  assert.equal((await store.list(place.nodeUuid)).length, 1);
});
