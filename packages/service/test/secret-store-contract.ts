// What every secret store does, whatever it keeps secrets in. Each test has a node of its own.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { Secret } from '#trust/secret';
import type { SecretPlace, SecretStore, SecretWrite } from '#trust/secret-store/secret-store';

const RIVALS = 4;

export const newPlace = (slot = 'a'): SecretPlace => ({ nodeUuid: randomUUID(), slot });

export const newWrite = (place: SecretPlace, more: Partial<SecretWrite> = {}): SecretWrite => ({
  place,
  writeId: randomUUID(),
  credential: { username: 'bsmr-a', password: new Secret(`pw-${randomUUID()}`) },
  ...more,
});

export const passwordAt = async (
  store: SecretStore,
  place: SecretPlace,
  version?: number,
): Promise<string> => (await store.get(place, version)).credential.password.reveal();

export const troubleIs = (code: string) => ({ code: `secret-store.${code}` });

export const defineSecretStoreContract = (open: () => SecretStore): void => {
  test('what was put is read back, by version and as the newest', async () => {
    const store = open();
    const place = newPlace();
    const first = newWrite(place, { afterVersion: 0 });
    const second = newWrite(place, { afterVersion: 1 });

    const one = await store.put(first);
    const two = await store.put(second);

    assert.deepEqual([one.version, two.version], [1, 2]);
    assert.equal(await passwordAt(store, place, 1), first.credential.password.reveal());
    assert.equal(await passwordAt(store, place), second.credential.password.reveal());
    const found = await store.get(place);
    assert.deepEqual(
      [found.nodeUuid, found.slot, found.version, found.writeId, found.credential.username],
      [place.nodeUuid, 'a', 2, second.writeId, 'bsmr-a'],
    );
  });

  test('the same write again is the same version, and what came first stays', async () => {
    const store = open();
    const place = newPlace();
    const write = newWrite(place, { afterVersion: 0 });
    await store.put(write);
    const other = { ...newWrite(place), writeId: write.writeId, afterVersion: 0 };

    const again = await store.put(other);

    assert.equal(again.version, 1);
    assert.equal(await passwordAt(store, place), write.credential.password.reveal());
    assert.equal((await store.list(place.nodeUuid)).length, 1);
  });

  test('a writer who has not seen the newest version writes nothing', async () => {
    const store = open();
    const place = newPlace();
    const write = newWrite(place, { afterVersion: 0 });
    await store.put(write);

    await assert.rejects(store.put(newWrite(place, { afterVersion: 0 })), troubleIs('conflict'));

    assert.equal(await passwordAt(store, place), write.credential.password.reveal());
    assert.equal((await store.list(place.nodeUuid)).length, 1);
  });

  test('a writer who was told of more than there is, since the store was set back, writes', async () => {
    const store = open();
    const place = newPlace();
    await store.put(newWrite(place));
    const write = newWrite(place, { afterVersion: 7 });

    assert.ok((await store.put(write)).version >= 2);
    assert.equal(await passwordAt(store, place), write.credential.password.reveal());
  });

  test('of the same write made by several at once one version is left', async () => {
    const store = open();
    const place = newPlace();
    const write = newWrite(place);

    const done = await Promise.all(Array.from({ length: RIVALS }, () => store.put(write)));

    assert.deepEqual(new Set(done.map(({ version }) => version)), new Set([1]));
    assert.deepEqual(
      (await store.list(place.nodeUuid)).map(({ version }) => version),
      [1],
    );
  });

  test('recovery finds a write by its id, in its own place only', async () => {
    const store = open();
    const place = newPlace();
    const writes = [newWrite(place), newWrite(place), newWrite(place)];
    for (const write of writes) await store.put(write);
    const [first] = writes as [SecretWrite];

    assert.equal((await store.findWrite(place, first.writeId))?.version, 1);
    assert.equal(await store.findWrite(place, randomUUID()), undefined);
    assert.equal(await store.findWrite({ ...place, slot: 'b' }, first.writeId), undefined);
    assert.equal(await store.findWrite(newPlace(), first.writeId), undefined);
  });

  test('what a write stored is read by its id, in its own place only', async () => {
    const store = open();
    const place = newPlace();
    const writes = [newWrite(place), newWrite(place), newWrite(place)];
    for (const write of writes) await store.put(write);
    const [first, , last] = writes as [SecretWrite, SecretWrite, SecretWrite];

    for (const { writeId, credential } of [first, last]) {
      const found = await store.getWrite(place, writeId);
      assert.deepEqual(
        [found.nodeUuid, found.slot, found.writeId, found.credential.password.reveal()],
        [place.nodeUuid, 'a', writeId, credential.password.reveal()],
      );
    }
    for (const other of [newPlace(), { ...place, slot: 'b' }]) {
      await assert.rejects(store.getWrite(other, first.writeId), troubleIs('gone'));
    }
    await assert.rejects(store.getWrite(place, randomUUID()), troubleIs('gone'));
    await store.destroy(place, 1);
    await assert.rejects(store.getWrite(place, first.writeId), troubleIs('gone'));
  });

  test('the versions of a node are listed, of all its slots and of no other node', async () => {
    const store = open();
    const a = newPlace('a');
    const b = { ...a, slot: 'a-b' };
    const beganMs = Date.now() - 60_000;
    await store.put(newWrite(b));
    await store.put(newWrite(a));
    await store.put(newWrite(a));
    await store.put(newWrite(newPlace()));

    const listed = await store.list(a.nodeUuid);

    assert.deepEqual(
      listed.map(({ nodeUuid, slot, version }) => [nodeUuid, slot, version]),
      [
        [a.nodeUuid, 'a', 2],
        [a.nodeUuid, 'a', 1],
        [a.nodeUuid, 'a-b', 1],
      ],
    );
    for (const { createdMs } of listed) {
      assert.ok(createdMs >= beganMs && createdMs <= Date.now() + 60_000);
    }
    const nodes = await nodesOf(store);
    assert.equal(nodes.filter((each) => each === a.nodeUuid).length, 1);
  });

  test('what is destroyed is gone, twice is once, and its number is not given again', async () => {
    const store = open();
    const place = newPlace();
    const writes = [newWrite(place), newWrite(place)];
    for (const write of writes) await store.put(write);

    await store.destroy(place, 2);
    await store.destroy(place, 2);
    await store.destroy(place, 7);
    await store.destroy(newPlace(), 1);

    await assert.rejects(store.get(place, 2), troubleIs('gone'));
    assert.equal(await store.findWrite(place, (writes[1] as SecretWrite).writeId), undefined);
    assert.equal(await passwordAt(store, place), writes[0]?.credential.password.reveal());
    assert.deepEqual(
      (await store.list(place.nodeUuid)).map(({ version }) => version),
      [1],
    );
    assert.ok((await store.put(newWrite(place))).version >= 2);
  });

  test('where nothing is, nothing is found', async () => {
    const store = open();
    const place = newPlace();

    await assert.rejects(store.get(place), troubleIs('gone'));
    await assert.rejects(store.get(place, 1), troubleIs('gone'));
    assert.deepEqual(await store.list(place.nodeUuid), []);
  });

  test('every character of a password and a user name comes back', async () => {
    const store = open();
    const place = newPlace();
    const text = `\u0020"'\\$%&:#<>/?=+;,|^~\`{}[]()é€\u{1F511}\n`;
    const credential = { username: text, password: new Secret(text.repeat(4)) };

    await store.put(newWrite(place, { credential }));

    const found = (await store.get(place)).credential;
    assert.deepEqual([found.username, found.password.reveal()], [text, text.repeat(4)]);
  });

  test('a name that would lead elsewhere is a defect of the caller', async () => {
    const store = open();

    for (const slot of ['', '../x', 'a/b', 'a%', 'A', '-']) {
      await assert.rejects(store.put(newWrite(newPlace(slot))), /not the name of a slot/);
    }
    await assert.rejects(store.get({ nodeUuid: '../sys', slot: 'a' }), /not the UUID of a node/);
    await assert.rejects(store.put(newWrite(newPlace(), { writeId: 'a/b' })), /not the id/);
  });

  test('a store that works is ready', async () => {
    assert.deepEqual(await open().health(), { state: 'ready' });
  });
};

export const nodesOf = async (store: SecretStore): Promise<readonly string[]> => {
  const nodes: string[] = [];
  for await (const node of store.listNodes()) nodes.push(node);
  return nodes;
};
